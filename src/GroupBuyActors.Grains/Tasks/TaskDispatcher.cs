using GroupBuyActors.Hosting;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Chooses the next of the due tasks for each free slot.
/// <para>
/// Slots are limited for each type, as its policy says, and for the silo as a whole. If they are scarce, the next is
/// the type whose first waiting task has the earliest <c>due − weight × bias</c>: a weight is a head start in time, so
/// that a task that waits long enough becomes the first. Within a type merchants take turns, so that one merchant's
/// many tasks do not delay another's.
/// </para>
/// <para>
/// Tasks recovered from a dead silo, and those that could not run while the store was away, have queues and slots of
/// their own: few at first, twice as many every second. A recovery therefore begins slowly, and other due tasks stay on
/// time.
/// </para>
/// <para>
/// A service that does not answer occupies only the slots of tasks that wait for it: recovered tasks have slots for
/// each service that they wait for, and an eighth of all slots of the silo is reserved for tasks that wait for no
/// service, such as deadlines.
/// </para>
/// Weights and slots follow the policies in force.
/// </summary>
internal sealed class TaskDispatcher
{
    private const int RampStart = 8,
        KeptShare = 8;
    private static readonly TimeSpan Bias = TimeSpan.FromSeconds(1);
    private readonly TaskPolicyRegistry _policies;
    private readonly TimeProvider _time;
    private readonly GrainsOptions _options;
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Type, bool IsRecovered), Queue> _queues = [];
    private Func<ScheduledTask, Task>? _run;
    private int _running;
    private readonly Dictionary<string, RecoveredRuns> _recovered = new(StringComparer.Ordinal);
    private int _recoveredRunning;
    private int _waitingForServices;
    private long _recoveringSince;
    private volatile bool _stopped;

    public TaskDispatcher(TaskPolicyRegistry policies, TimeProvider time, IOptions<GrainsOptions> options)
    {
        (_policies, _time, _options) = (policies, time, options.Value);
        policies.Changed += Dispatch;
    }

    public int Running => Volatile.Read(ref _running);

    /// <summary>Sets the function that runs a task; called once, before the first task.</summary>
    public void Start(Func<ScheduledTask, Task> run) => _run = run;

    public void Add(ScheduledTask task)
    {
        lock (_gate)
        {
            var queue = QueueOf(task.Stored.Type, task.IsOverdue);
            if (
                queue.IsRecovered
                && _recoveredRunning == 0
                && !_queues.Values.Any(other => other is { IsRecovered: true, Waiting.Count: > 0 })
            )
                _recoveringSince = _time.GetTimestamp();
            queue.Waiting.Enqueue(
                task,
                TenantOf(task.Stored),
                TaskPriority.Of(task.Stored.NextAt, queue.Policy(_policies).Weight, task.Stored.Weight, Bias)
            );
        }

        Dispatch();
    }

    /// <summary>Begins no more runs.</summary>
    public void Stop() => _stopped = true;

    /// <summary>
    /// Waits a bounded time until no task runs. A commit cannot be cancelled, so while the database is unavailable,
    /// runs that wait for one are not waited for.
    /// </summary>
    public async Task IdleAsync(CancellationToken cancellation)
    {
        var began = _time.GetTimestamp();
        while (Running > 0 && _time.GetElapsedTime(began) < _options.StopBound && !cancellation.IsCancellationRequested)
            await Task.Delay(TimeSpan.FromMilliseconds(10), _time, CancellationToken.None);
    }

    /// <summary>The number of tasks that are due and not done, by type.</summary>
    public List<(string Type, int Due)> Due()
    {
        lock (_gate)
            return
            [
                .. _queues
                    .Values.GroupBy(queue => queue.Type)
                    .Select(type => (type.Key, type.Sum(queue => queue.Waiting.Count + queue.Running))),
            ];
    }

    private void Dispatch()
    {
        while (Take() is { } next)
            ThreadPool.UnsafeQueueUserWorkItem(
                static work => work.Dispatcher.RunFrom(work.Queue, work.Task).Ignore(),
                (Dispatcher: this, next.Queue, next.Task),
                preferLocal: false
            );
    }

    /// <summary>
    /// Runs a task and then, in the same slot, the next ones; tasks for other free slots run in parallel.
    /// </summary>
    private async Task RunFrom(Queue queue, ScheduledTask task)
    {
        while (true)
        {
            // The slot is released whatever a run does, because a lost slot would be missing for ever.
            if (!_stopped)
                await _run!(task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            lock (_gate)
            {
                Occupy(queue, -1);
            }

            if (Take() is not { } next)
                return;
            (queue, task) = (next.Queue, next.Task);
            if (queue.IsRecovered)
                Dispatch();
        }
    }

    /// <summary>Takes the next task that has a free slot, and its slot.</summary>
    private (Queue Queue, ScheduledTask Task)? Take()
    {
        lock (_gate)
        {
            while (
                !_stopped
                && _running < _options.TasksRunningMax
                && Next() is { } queue
                && queue.Waiting.TryDequeue(out var task)
            )
            {
                // A task that was cancelled after it was chosen is skipped.
                if (!task.TryBegin())
                    continue;
                Occupy(queue, 1);
                return (queue, task);
            }

            return null;
        }
    }

    private Queue? Next()
    {
        var (best, first) = ((Queue?)null, DateTimeOffset.MaxValue);
        foreach (var queue in _queues.Values)
        {
            if (queue.Waiting.Count == 0 || !HasFreeSlot(queue))
                continue;
            if (!queue.Waiting.TryPeek(out _, out var priority) || (best is not null && priority >= first))
                continue;
            (best, first) = (queue, priority);
        }

        return best;
    }

    private bool HasFreeSlot(Queue queue)
    {
        if (queue.Running >= queue.Slots(_policies))
            return false;
        if (queue.IsRecovered && queue.Recovered.Running >= RecoveredSlots())
            return false;
        return queue.Target is null
            || _waitingForServices < _options.TasksRunningMax - _options.TasksRunningMax / KeptShare;
    }

    private void Occupy(Queue queue, int slots)
    {
        _running += slots;
        queue.Running += slots;
        if (queue.IsRecovered)
        {
            queue.Recovered.Running += slots;
            _recoveredRunning += slots;
        }

        if (queue.Target is not null)
            _waitingForServices += slots;
    }

    private int RecoveredSlots()
    {
        var seconds = (int)Math.Min(_time.GetElapsedTime(_recoveringSince).TotalSeconds, 16);
        return Math.Min(RampStart << seconds, _options.OverdueRunningMax);
    }

    private Queue QueueOf(string type, bool isRecovered)
    {
        if (!_queues.TryGetValue((type, isRecovered), out var queue))
        {
            var target = _policies.Of(type).Target;
            _queues[(type, isRecovered)] = queue = new Queue(type, isRecovered, target, RecoveredOf(target));
        }

        return queue;
    }

    private RecoveredRuns RecoveredOf(string? target)
    {
        if (!_recovered.TryGetValue(target ?? "", out var runs))
            _recovered[target ?? ""] = runs = new RecoveredRuns();
        return runs;
    }

    /// <summary>The tenant of a task: its merchant; tasks without a group are one tenant.</summary>
    private static long TenantOf(TimedTask task) => task.Actor?.Account ?? 0;

    private sealed class Queue(string type, bool isRecovered, string? target, RecoveredRuns recovered)
    {
        public string Type => type;
        public bool IsRecovered => isRecovered;
        public string? Target => target;
        public RecoveredRuns Recovered => recovered;
        public FairQueue<ScheduledTask> Waiting { get; } = new(task => task.IsDropped);
        public int Running { get; set; }

        public TaskPolicy Policy(TaskPolicyRegistry policies) => policies.Of(type);

        public int Slots(TaskPolicyRegistry policies) =>
            isRecovered ? Math.Max(1, Policy(policies).Concurrency / 4) : Policy(policies).Concurrency;
    }

    /// <summary>The number of running recovered tasks that wait for one service.</summary>
    private sealed class RecoveredRuns
    {
        public int Running { get; set; }
    }
}
