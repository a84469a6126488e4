using GroupBuyActors.Committing;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Setting;

/// <summary>
/// The task table in memory, by the rules that the conformance suite holds the real ones to: a commit is whole or not
/// at all, a run is there once, an update lands on the version before it, a task that is there already is left as it
/// is. It refuses now and then, as a store does, and it is what survives a crash.
/// </summary>
internal sealed class SimulatedTable(Random dice) : ITaskStore, ITaskOutcomes, IPolicyStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, TimedTask> _rows = new(StringComparer.Ordinal);
    private readonly HashSet<(int Day, string Id, int Version)> _runs = [];
    private readonly List<TaskOutcome> _ends = [];
    private readonly List<string> _removed = [];

    /// <summary>Share of commits that are not made.</summary>
    public double Refusals { get; set; }

    public IReadOnlyList<TimedTask> Rows
    {
        get
        {
            lock (_gate)
                return [.. _rows.Values];
        }
    }

    public IReadOnlyList<TaskOutcome> Outcomes
    {
        get
        {
            lock (_gate)
                return [.. _ends];
        }
    }

    /// <summary>Ids of tasks that a commit removed without another row or an ending: they had their effect.</summary>
    public IReadOnlyList<string> Done
    {
        get
        {
            lock (_gate)
                return [.. _removed];
        }
    }

    public CommitStatus Commit(Commit commit)
    {
        lock (_gate)
        {
            if (dice.NextDouble() < Refusals)
                return CommitStatus.Unavailable;
            if (commit.Run is { } run && !_runs.Add((TaskOutcome.DayOf(run.Key.Due), run.Key.Id, run.Version)))
                return CommitStatus.Stale;
            foreach (var key in commit.Removals)
            {
                if (!_rows.TryGetValue(key.Id, out var row) || row.Key != key)
                    continue;
                _rows.Remove(key.Id);
                if (
                    commit.Schedules.All(task => task.Key.Id != key.Id)
                    && commit.Outcomes.All(ending => ending.TaskId != key.Id)
                )
                    _removed.Add(key.Id);
            }

            foreach (var task in commit.Schedules)
                _rows.TryAdd(task.Key.Id, task);
            foreach (var task in commit.Updates)
                if (_rows.TryGetValue(task.Key.Id, out var row) && row.Version == task.Version - 1)
                    _rows[task.Key.Id] = task;
            _ends.AddRange(commit.Outcomes);
            return CommitStatus.Committed;
        }
    }

    public Task<HorizonReading> ReadHorizonAsync(
        IReadOnlyCollection<ShardId> shards,
        DateTimeOffset until,
        int limit,
        CancellationToken cancellation
    )
    {
        lock (_gate)
            return Task.FromResult(new HorizonReading { Tasks = [.. _rows.Values.Where(row => row.NextAt < until)] });
    }

    public Task<TimedTask?> FindAsync(string taskId, CancellationToken cancellation)
    {
        lock (_gate)
            return Task.FromResult(_rows.GetValueOrDefault(taskId));
    }

    public Task<IReadOnlyCollection<string>> PresentAsync(
        IReadOnlyCollection<string> taskIds,
        CancellationToken cancellation
    )
    {
        lock (_gate)
            return Task.FromResult<IReadOnlyCollection<string>>([.. taskIds.Where(_rows.ContainsKey)]);
    }

    Task<TaskOutcome?> ITaskOutcomes.FindAsync(string taskId, CancellationToken cancellation)
    {
        lock (_gate)
            return Task.FromResult(_ends.Where(ending => ending.TaskId == taskId).MaxBy(ending => ending.Version));
    }

    public Task<int> MarkRedrivenAsync(
        IReadOnlyCollection<TaskOutcomeKey> keys,
        DateTimeOffset at,
        CancellationToken cancellation
    )
    {
        lock (_gate)
            for (var i = 0; i < _ends.Count; i++)
                if (keys.Contains(_ends[i].Key))
                    _ends[i] = _ends[i] with { RedrivenAt = at };
        return Task.FromResult(keys.Count);
    }

    public Task<IReadOnlyList<StoredPolicy>> ReadAllAsync(CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<StoredPolicy>>([]);

    public Task<IReadOnlyList<TimedTask>> FindAllOfActorAsync(
        ActorId actor,
        int limit,
        CancellationToken cancellation
    ) => throw new NotSupportedException();

    public Task<Page<TimedTask>> ListAsync(
        TaskFilter filter,
        string? after,
        int limit,
        CancellationToken cancellation
    ) => throw new NotSupportedException();

    public Task<IReadOnlyList<(ShardId Shard, string Type, long Tasks)>> CountAsync(
        IReadOnlyCollection<ShardId> shards,
        CancellationToken cancellation
    )
    {
        lock (_gate)
            return Task.FromResult<IReadOnlyList<(ShardId, string, long)>>([
                .. _rows
                    .Values.Where(task => shards.Contains(task.Key.Shard))
                    .GroupBy(task => (task.Key.Shard, task.Type))
                    .Select(type => (type.Key.Shard, type.Key.Type, type.LongCount())),
            ]);
    }

    public Task<Page<TimedTask>> PageOfActorAsync(
        ActorId actor,
        string? after,
        int limit,
        CancellationToken cancellation
    ) => throw new NotSupportedException();

    public Task<Page<TaskOutcome>> SearchAsync(
        TaskOutcomeFilter filter,
        string? after,
        int limit,
        CancellationToken cancellation
    ) => throw new NotSupportedException();

    public Task<int> CountAsync(TaskOutcomeFilter filter, int max, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task<int> DismissAsync(
        IReadOnlyCollection<TaskOutcomeKey> keys,
        DateTimeOffset at,
        CancellationToken cancellation
    ) => throw new NotSupportedException();

    public Task<TaskOutcomeMaintenance> MaintainAsync(
        DateOnly today,
        int keepDays,
        int aheadDays,
        IReadOnlyCollection<string> undecidedTypes,
        CancellationToken cancellation
    ) => throw new NotSupportedException();

    public Task<int?> WriteAsync(
        string type,
        int expectedVersion,
        ReadOnlyMemory<byte> changeJson,
        DateTimeOffset at,
        string caller,
        CancellationToken cancellation
    ) => throw new NotSupportedException();
}

/// <summary>A silo's committer on that table. Killed, it makes no commit any more, as a fenced one.</summary>
internal sealed class SimulatedCommitter(SimulatedTable table) : ICommitter
{
    private Action<CommittedBatch>? _subscriber;
    private long _position;
    private volatile bool _killed;

    public int CommitBytesMax => int.MaxValue;

    public IReadOnlyList<long> Streams => [1];

    public long FenceConfirmedAt => 1;

    public Task<string> Fenced { get; } = new TaskCompletionSource<string>().Task;

    public void Kill() => _killed = true;

    public Task StartAsync(SiloIdentity silo, CancellationToken cancellation) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellation) => Task.CompletedTask;

    public CommitReservation? TryReserve(ShardId shard) => new Place();

    public void Subscribe(Action<CommittedBatch> subscriber) => _subscriber = subscriber;

    public Task<CommitResult> CommitAsync(CommitReservation reservation, Commit commit)
    {
        lock (table)
        {
            var status = _killed ? CommitStatus.Unavailable : table.Commit(commit);
            if (status == CommitStatus.Committed)
                _subscriber?.Invoke(new CommittedBatch(1, [(++_position, commit)]));
            return Task.FromResult(new CommitResult(status, default));
        }
    }

    private sealed class Place : CommitReservation
    {
        public override void Dispose() { }
    }
}
