using GroupBuyActors.Hosting;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Due tasks waiting for a place.
/// <para>
/// Slots are bounded twice: for each type as many as its policy says, and for the silo as a whole. Where they are
/// scarce, the next is the type whose first waiting task has the least <c>due − weight × bias</c>: a weight is worth a
/// head start in time, so that anyone who waits long enough is first. Within a type merchants take turns, so that one's
/// ten o'clock herd does not hold up another's task.
/// </para>
/// <para>
/// Tasks recovered from a dead silo have queues and slots of their own: few at first, twice as many every
/// second. A recovery is a ramp and not a stampede, and what is due now stays on time beside it.
/// </para>
/// <para>
/// A service that does not answer holds the places of those that wait for it, and no others: overdue tasks have places
/// by whom they wait for, and of all places of the silo an eighth is kept for tasks that wait for nobody, such as
/// deadlines.
/// </para>
/// Weights and places follow the policies as they are at that moment.
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
    private readonly Dictionary<(string Type, bool Overdue), Queue> _lines = [];
    private Func<ScheduledTask, Task>? _run;
    private int _running;
    private readonly Dictionary<string, RecoveredRuns> _recovered = new(StringComparer.Ordinal);
    private int _recoveredRunning;
    private int _waiting;
    private long _overdueSince;
    private volatile bool _stopped;

    public TaskDispatcher(TaskPolicyRegistry policies, TimeProvider time, IOptions<GrainsOptions> options)
    {
        (_policies, _time, _options) = (policies, time, options.Value);
        policies.Changed += Dispatch;
    }

    /// <summary>Runs in progress.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Sets how a task is run; called once, before the first task.</summary>
    public void Start(Func<ScheduledTask, Task> run) => _run = run;

    public void Add(ScheduledTask task)
    {
        lock (_gate)
        {
            var queue = QueueOf(task.Stored.Type, task.IsRecovered);
            if (
                queue.Overdue
                && _recoveredRunning == 0
                && !_lines.Values.Any(other => other is { Overdue: true, Waiting.Count: > 0 })
            )
                _overdueSince = _time.GetTimestamp();
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
    /// Waits, bounded, until none runs. A commit cannot be cancelled: while the database is away, what waits for one is
    /// left behind.
    /// </summary>
    public async Task IdleAsync(CancellationToken cancellation)
    {
        var began = _time.GetTimestamp();
        while (Running > 0 && _time.GetElapsedTime(began) < _options.StopBound && !cancellation.IsCancellationRequested)
            await Task.Delay(TimeSpan.FromMilliseconds(10), _time, CancellationToken.None);
    }

    /// <summary>Tasks due and not done, by type.</summary>
    public List<(string Type, int Due)> Due()
    {
        lock (_gate)
            return
            [
                .. _lines
                    .Values.GroupBy(queue => queue.Type)
                    .Select(type => (type.Key, type.Sum(queue => queue.Waiting.Count + queue.Running))),
            ];
    }

    private void Dispatch()
    {
        while (Take() is { } next)
            ThreadPool.UnsafeQueueUserWorkItem(
                static work => work.Queues.RunFrom(work.Queue, work.Task).Ignore(),
                (Queues: this, next.Queue, next.Task),
                preferLocal: false
            );
    }

    /// <summary>
    /// Runs a task and then, in the same place, those that are next; what else there is room for runs beside it.
    /// </summary>
    private async Task RunFrom(Queue queue, ScheduledTask task)
    {
        while (true)
        {
            // Whatever a run does, its slot is released: a lost slot would be missing for ever.
            if (!_stopped)
                await _run!(task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            lock (_gate)
            {
                Occupy(queue, -1);
            }

            if (Take() is not { } next)
                return;
            (queue, task) = (next.Queue, next.Task);
            if (queue.Overdue)
                Dispatch();
        }
    }

    /// <summary>The next task that there is a place for, its place taken.</summary>
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
                // One that was cancelled since it came up is passed over here.
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
        foreach (var queue in _lines.Values)
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
        if (queue.Overdue && queue.Recovered.Running >= RecoveredSlots())
            return false;
        return queue.Target is null || _waiting < _options.TasksRunningMax - _options.TasksRunningMax / KeptShare;
    }

    private void Occupy(Queue queue, int slots)
    {
        _running += slots;
        queue.Running += slots;
        if (queue.Overdue)
        {
            queue.Recovered.Running += slots;
            _recoveredRunning += slots;
        }

        if (queue.Target is not null)
            _waiting += slots;
    }

    private int RecoveredSlots()
    {
        var seconds = (int)Math.Min(_time.GetElapsedTime(_overdueSince).TotalSeconds, 16);
        return Math.Min(RampStart << seconds, _options.OverdueRunningMax);
    }

    private Queue QueueOf(string type, bool overdue)
    {
        if (!_lines.TryGetValue((type, overdue), out var queue))
        {
            var target = _policies.Of(type).Target;
            _lines[(type, overdue)] = queue = new Queue(type, overdue, target, RecoveredOf(target));
        }

        return queue;
    }

    private RecoveredRuns RecoveredOf(string? target)
    {
        if (!_recovered.TryGetValue(target ?? "", out var runs))
            _recovered[target ?? ""] = runs = new RecoveredRuns();
        return runs;
    }

    /// <summary>Whose turn it is: the merchant's; tasks of no group share one turn.</summary>
    private static long TenantOf(TimedTask task) => task.Actor?.Account ?? 0;

    private sealed class Queue(string type, bool overdue, string? target, RecoveredRuns recovered)
    {
        public string Type => type;
        public bool Overdue => overdue;
        public string? Target => target;
        public RecoveredRuns Recovered => recovered;
        public FairQueue<ScheduledTask> Waiting { get; } = new(task => task.IsDropped);
        public int Running { get; set; }

        public TaskPolicy Policy(TaskPolicyRegistry policies) => policies.Of(type);

        public int Slots(TaskPolicyRegistry policies) =>
            overdue ? Math.Max(1, Policy(policies).Concurrency / 4) : Policy(policies).Concurrency;
    }

    /// <summary>Recovered tasks that run and wait for one target.</summary>
    private sealed class RecoveredRuns
    {
        public int Running { get; set; }
    }
}
