using System.Collections.Concurrent;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Due tasks waiting for a place: for each type as many run at once as its policy says, the others wait by
/// <c>due − weight × bias</c>. Overdue tasks of a type have places of their own, so that what a dead silo left behind does not hold up
/// what is due now.
/// </summary>
internal sealed class TaskQueues
{
    private static readonly TimeSpan Bias = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<(string Type, bool Overdue), Lane> _lanes = new();
    private Func<NearTask, Task>? _run;
    private volatile bool _stopped;

    /// <summary>Says how a task is run; called once, before the first task.</summary>
    public void Start(Func<NearTask, Task> run) => _run = run;

    public void Add(NearTask task) => LaneOf(task).Add(task);

    /// <summary>Begins no more runs.</summary>
    public void Stop() => _stopped = true;

    /// <summary>Tasks due and not done, by type.</summary>
    public IEnumerable<(string Type, int Due)> Due() =>
        _lanes.GroupBy(lane => lane.Key.Type).Select(type => (type.Key, type.Sum(lane => lane.Value.Count)));

    /// <summary>Runs in progress.</summary>
    public int Running => _lanes.Values.Sum(lane => lane.Running);

    private Lane LaneOf(NearTask task) => _lanes.GetOrAdd((task.Stored.Type, task.IsOverdue), static (key, queues) =>
    {
        // A type of a newer release has no policy here, and no handler either.
        var policy = TaskPolicies.All.FirstOrDefault(policy => policy.Type == key.Type);
        var concurrency = policy?.Concurrency ?? 1;
        return new Lane(queues, key.Overdue ? Math.Max(1, concurrency / 4) : concurrency, (policy?.Weight ?? 0) * Bias);
    }, this);

    private sealed class Lane(TaskQueues queues, int places, TimeSpan ahead)
    {
        private readonly Lock _gate = new();
        private readonly PriorityQueue<NearTask, DateTimeOffset> _waiting = new();
        private int _running;

        public int Running => Volatile.Read(ref _running);

        public int Count
        {
            get
            {
                lock (_gate) return _waiting.Count + _running;
            }
        }

        public void Add(NearTask task)
        {
            lock (_gate)
            {
                if (_running >= places)
                {
                    _waiting.Enqueue(task, task.Stored.NextAt - ahead);
                    return;
                }

                _running++;
            }

            ThreadPool.UnsafeQueueUserWorkItem(static work => work.Lane.RunFrom(work.Task).Ignore(), (Lane: this, Task: task), preferLocal: false);
        }

        /// <summary>Runs a task and then, in the same place, those that wait.</summary>
        private async Task RunFrom(NearTask first)
        {
            for (var task = first; task is not null; task = Next())
                if (!queues._stopped) await queues._run!(task);
        }

        private NearTask? Next()
        {
            lock (_gate)
            {
                if (!queues._stopped && _waiting.TryDequeue(out var next, out _)) return next;
                _running--;
                return null;
            }
        }
    }
}
