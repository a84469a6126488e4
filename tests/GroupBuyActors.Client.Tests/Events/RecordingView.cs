using System.Collections.Concurrent;

namespace GroupBuyActors.Client.Tests.Events;

/// <summary>
/// A view in memory that keeps the promises of one: all of a batch or nothing, sequences compared. Counts what reached
/// it.
/// </summary>
internal sealed class RecordingView : IGroupProjection
{
    private readonly Lock _gate = new();
    private readonly Dictionary<GroupId, long> _last = [];
    private readonly Dictionary<GroupId, List<long>> _stored = [];
    private readonly List<(int Count, TaskCompletionSource Reached)> _waiters = [];
    private int _total;

    /// <summary>Called before anything is stored; may throw, or hold the batch back.</summary>
    public Func<GroupEventBatch, CancellationToken, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Called once it is stored; may throw, as a connection that breaks at the commit does.</summary>
    public Func<GroupEventBatch, Task> After { get; set; } = _ => Task.CompletedTask;

    public ConcurrentQueue<int> BatchSizes { get; } = [];

    public int Asked { get; private set; }

    public int Moved { get; private set; }

    public int Total
    {
        get
        {
            lock (_gate)
                return _total;
        }
    }

    /// <summary>The sequences stored of a group, in the order of storing.</summary>
    public List<long> Of(GroupId group)
    {
        lock (_gate)
            return _stored.TryGetValue(group, out var sequences) ? [.. sequences] : [];
    }

    public void Begin(GroupId group, long last)
    {
        lock (_gate)
            _last[group] = last;
    }

    /// <summary>Ends when so many events are stored.</summary>
    public Task Reaches(int total)
    {
        lock (_gate)
        {
            if (_total >= total)
                return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((total, reached));
            return reached.Task;
        }
    }

    public ValueTask<IReadOnlyDictionary<GroupId, long>> LastSequencesAsync(
        IReadOnlyCollection<GroupId> groups,
        CancellationToken cancellation
    )
    {
        lock (_gate)
        {
            Asked += groups.Count;
            return ValueTask.FromResult<IReadOnlyDictionary<GroupId, long>>(
                groups.Where(_last.ContainsKey).ToDictionary(group => group, group => _last[group])
            );
        }
    }

    public async ValueTask StoreAsync(GroupEventBatch batch, CancellationToken cancellation)
    {
        await Before(batch, cancellation);
        lock (_gate)
        {
            foreach (var (group, from, _) in batch.Checkpoints)
                if (_last.GetValueOrDefault(group) != from)
                {
                    Moved++;
                    throw new CheckpointMovedException(group, from);
                }

            foreach (var (group, _, to) in batch.Checkpoints)
                _last[group] = to;
            foreach (var happened in batch.Events)
            {
                if (!_stored.TryGetValue(happened.Group, out var sequences))
                    _stored[happened.Group] = sequences = [];
                sequences.Add(happened.Sequence);
            }

            _total += batch.Events.Count;
            BatchSizes.Enqueue(batch.Events.Count);
            foreach (var (_, reached) in _waiters.Where(waiter => waiter.Count <= _total))
                reached.TrySetResult();
        }

        await After(batch);
    }
}
