using GroupBuyActors.Committing;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Store.Committing;

/// <summary>The lanes of one silo on one database; the part that is the same for every database.</summary>
internal abstract class Committer(
    StoreOptions options,
    int lanes,
    TimeProvider time,
    ILogger log,
    CommitMetrics? metrics = null
) : ICommitter, ILaneListener, IDisposable
{
    private readonly TaskCompletionSource<string> _fenced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private volatile Action<CommittedBatch>[] _subscribers = [];
    private volatile Lane[] _lanes = [];
    private int _started;

    /// <inheritdoc/>
    public int CommitBytesMax { get; private set; } = options.BatchBytesMax;

    /// <inheritdoc/>
    public IReadOnlyList<long> Streams => [.. _lanes.Select(l => l.Stream)];

    /// <inheritdoc/>
    public Task<string> Fenced => _fenced.Task;

    /// <inheritdoc/>
    public long FenceConfirmedAt
    {
        get
        {
            var earliest = long.MaxValue;
            var lanes = _lanes;
            foreach (var lane in lanes)
                earliest = Math.Min(earliest, lane.FenceConfirmedAt);
            return lanes.Length == 0 ? 0 : earliest;
        }
    }

    /// <summary>Queued commits of all lanes that are not being written yet.</summary>
    internal int WaitingCommits => _lanes.Sum(l => l.Waiting);

    /// <summary>The lowest merchant slot of the database.</summary>
    internal int LowestSlot { get; init; }

    internal CommitMetrics Metrics { get; } = metrics ?? new();

    /// <inheritdoc/>
    public async Task StartAsync(SiloIdentity silo, CancellationToken cancellation)
    {
        if (Interlocked.Exchange(ref _started, 1) != 0)
            throw new InvalidOperationException("The committer was already started.");
        var opening = Enumerable
            .Range(0, lanes)
            .Select(n => new Lane(n, NewWriter(), this, options, time, Metrics, log))
            .ToArray();
        try
        {
            await BeforeStartAsync(cancellation);
            await Task.WhenAll(opening.Select(l => l.OpenAsync(silo))).WaitAsync(cancellation);
        }
        catch
        {
            foreach (var lane in opening)
                lane.Stop();
            AfterStop();
            _started = 0;
            throw;
        }
        CommitBytesMax = opening.Min(l => l.BatchBytesMax);
        _lanes = opening;
    }

    /// <inheritdoc/>
    public CommitReservation? TryReserve(ShardId shard)
    {
        var lanes = _lanes;
        return lanes.Length == 0 || _fenced.Task.IsCompleted ? null : lanes[LaneOf(shard, lanes.Length)].TryReserve();
    }

    /// <inheritdoc/>
    public Task<CommitResult> CommitAsync(CommitReservation reservation, Commit commit)
    {
        if (reservation is not QueuedCommit taken || taken.Lane != _lanes[LaneOf(commit.Shard, _lanes.Length)])
            throw new ArgumentException(
                "The reservation belongs to a shard of another commit lane.",
                nameof(reservation)
            );
        if (commit.Events.Count > 0 && commit.Actor is null)
            throw new ArgumentException("A commit with events must have an actor.", nameof(commit));
        var bytes = CommitSize.Of(commit);
        if (bytes > CommitBytesMax)
            throw new CommitTooLargeException(bytes, CommitBytesMax);
        return taken.Lane.CommitAsync(taken, commit, bytes);
    }

    /// <inheritdoc/>
    public void Subscribe(Action<CommittedBatch> subscriber)
    {
        lock (_gate)
            _subscribers = [.. _subscribers, subscriber];
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellation)
    {
        foreach (var lane in _lanes)
            lane.Stop();
        await Task.WhenAll(_lanes.Select(l => l.Ended)).WaitAsync(cancellation);
        AfterStop();
    }

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        foreach (var lane in _lanes)
            lane.Stop();
        // Several committers of a silo share theirs.
        if (metrics is null)
            Metrics.Dispose();
    }

    void ILaneListener.Committed(CommittedBatch batch)
    {
        foreach (var subscriber in _subscribers)
        {
            try
            {
                subscriber(batch);
            }
            catch (Exception e)
            {
                CommitLog.SubscriberThrew(log, batch.Stream, batch.Commits[0].FirstPosition, e);
            }
        }
    }

    void ILaneListener.Fenced(string reason)
    {
        _fenced.TrySetResult(reason);
        // A silo is fenced as a whole: the other lanes write their queued commits and refuse new ones.
        foreach (var lane in _lanes)
            lane.Stop();
    }

    /// <summary>Creates a lane's writer.</summary>
    protected abstract LaneWriter NewWriter();

    /// <summary>Acquires what all lanes share.</summary>
    protected virtual Task BeforeStartAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Releases what all lanes share.</summary>
    protected virtual void AfterStop() { }

    /// <summary>
    /// Neighbouring shards are regions of one merchant; the multiplication spreads them over the lanes.
    /// </summary>
    private static int LaneOf(ShardId shard, int lanes) => (int)(((uint)shard.Index * 2654435761u >> 16) % (uint)lanes);
}
