using GroupBuyActors.Committing;

namespace GroupBuyActors.Store.Slots;

/// <summary>Commits to several databases, each with lanes of its own.</summary>
internal sealed class SlotCommitter(SlotStores stores) : ICommitter
{
    private readonly ICommitter[] _all = [.. stores.All.Select(store => store.Committer)];

    public int CommitBytesMax => _all.Min(committer => committer.CommitBytesMax);

    public IReadOnlyList<long> Streams => [.. _all.SelectMany(committer => committer.Streams)];

    /// <summary>The latest confirmation by any database: the silo serves while it may serve some slots.</summary>
    public long FenceConfirmedAt => _all.Max(committer => committer.FenceConfirmedAt);

    /// <summary>A silo is fenced as a whole, whichever database says so.</summary>
    public Task<string> Fenced { get; } = Task.WhenAny(stores.All.Select(store => store.Committer.Fenced)).Unwrap();

    public long FenceConfirmedFor(ShardId shard) => Of(shard).FenceConfirmedAt;

    public int DatabaseOf(ShardId shard) => stores.Of(shard).Range.First;

    public async Task StartAsync(SiloIdentity silo, CancellationToken cancellation)
    {
        try
        {
            await Task.WhenAll(_all.Select(committer => committer.StartAsync(silo, cancellation)))
                .ConfigureAwait(false);
        }
        catch
        {
            await Task.WhenAll(_all.Select(committer => committer.StopAsync(cancellation)))
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    public CommitReservation? TryReserve(ShardId shard) => Of(shard).TryReserve(shard);

    public Task<CommitResult> CommitAsync(CommitReservation reservation, Commit commit)
    {
        if (!IsOfOneDatabase(commit))
            throw new ArgumentException("A commit must not have rows of several databases.", nameof(commit));
        return Of(commit.Shard).CommitAsync(reservation, commit);
    }

    public void Subscribe(Action<CommittedBatch> subscriber)
    {
        foreach (var committer in _all)
            committer.Subscribe(subscriber);
    }

    public Task StopAsync(CancellationToken cancellation) =>
        Task.WhenAll(_all.Select(committer => committer.StopAsync(cancellation)));

    private ICommitter Of(ShardId shard) => stores.Of(shard).Committer;

    private bool IsOfOneDatabase(Commit commit)
    {
        var range = stores.Of(commit.Shard).Range;
        return (commit.Actor is not { } actor || range.Contains(actor.Shard))
            && commit.Schedules.All(task => range.Contains(task.Key.Shard))
            && commit.Updates.All(task => range.Contains(task.Key.Shard))
            && commit.Removals.All(task => range.Contains(task.Shard))
            && commit.Outcomes.All(outcome => range.Contains(outcome.Shard))
            && (commit.Run is not { } run || range.Contains(run.Key.Shard));
    }
}
