using GroupBuyActors.Background;
using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Retries;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Membership;

/// <summary>What one pass did: streams fenced, shards taken, shards released.</summary>
internal readonly record struct ClusterPass(int Fenced, int Taken, int Released);

/// <summary>
/// Keeps streams and shards in line with the cluster's members. Every silo does the same work, at every change of the
/// membership and from time to time (a silo that died between two steps of joining makes no change):
/// <list type="number">
/// <item>Streams whose silo is no member are fenced. A stream belongs to one life of a silo, so a restarted silo never
/// fences itself. The table is read first and the membership after it: a silo joins before it allocates.</item>
/// <item>Shards at home here that nobody owns, or somebody fenced, are taken; those at home elsewhere are released to
/// their home by name. A live owner's shard passes in no other way. A silo that misses one asks its owner to look: it
/// may have been given a shard by somebody who saw the cluster differently, and not know it.</item>
/// <item>After any fence, whoever did it, the horizon is read again from its left edge: a commit of the dead silo may
/// have landed after the last look.</item>
/// <item>Fenced streams at home here are drained into the sinks.</item>
/// </list>
/// Two owners of a shard at once would be harmless; two writers of a group are refused by the database. So nothing here
/// is a lock.
/// </summary>
internal sealed class ClusterReconciler(
    IClusterMembershipService membership,
    ILocalSiloDetails self,
    ShardMap shardMap,
    DeadStreams deadStreams,
    ShardMover shardMover,
    ShardTasks tasks,
    TimeProvider time
) : PeriodicService<ClusterPass>
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1),
        AnswerWithin = TimeSpan.FromSeconds(2),
        ReviewInterval = TimeSpan.FromMilliseconds(10);
    private MembershipVersion _seen;
    private int _review;
    private bool _fenced,
        _reviews;

    /// <summary>This life of this silo.</summary>
    public SiloIdentity Self { get; } = self.Identity();

    public override string Name => "cluster-membership";

    public override bool IsEssential => true;

    internal override Backoff Retry => new(RetryAfter, RetryAfter);

    /// <summary>
    /// Gives the shards to their next homes, or to nobody where there is none; called once no more passes are made. The
    /// next owners are told at once.
    /// </summary>
    public async Task LeaveAsync(CancellationToken cancellation)
    {
        await deadStreams.StopAsync();
        await LeavingIsKnownAsync(cancellation);
        shardMap.Leave();
        var successors = await shardMover.ReleaseAllAsync(cancellation);
        await shardMover
            .NotifyAsync(successors)
            .WaitAsync(AnswerWithin, time, cancellation)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>A successor that still takes this silo for active would send the shards back.</summary>
    private async Task LeavingIsKnownAsync(CancellationToken cancellation)
    {
        var since = time.GetTimestamp();
        while (
            membership.CurrentSnapshot.GetSiloStatus(self.SiloAddress) is SiloStatus.Joining or SiloStatus.Active
            && time.GetElapsedTime(since) < AnswerWithin
            && !cancellation.IsCancellationRequested
        )
            await Task.Delay(ReviewInterval, time, CancellationToken.None);
    }

    /// <summary>Another silo misses shards that this one owns by the table: it is read again.</summary>
    public void Review()
    {
        Volatile.Write(ref _review, 1);
        RunSoon();
    }

    /// <summary>One pass. Throws where the store cannot do its part; then it is made again.</summary>
    public override async Task<ClusterPass> RunOnceAsync(CancellationToken cancellation)
    {
        var rows = await deadStreams.ReadAsync(cancellation);
        await membership.Refresh(default, cancellation);
        shardMap.Refresh();
        var snapshot = membership.CurrentSnapshot;
        var (fenced, hasChanged) = await deadStreams.FenceAsync(rows, snapshot, cancellation);
        _fenced |= hasChanged;
        if (Interlocked.Exchange(ref _review, 0) != 0)
            _reviews = true;
        var changed = snapshot.Version != _seen;
        var (taken, released) = (0, 0);
        if (_fenced || changed || _reviews || !shardMover.HasExpected)
            (taken, released) = await shardMover.MoveAsync(snapshot, cancellation);
        if (_fenced || changed)
            tasks.ReadAgain();
        // Not before it is done: a pass that fails is made again, and what it was made for still holds.
        (_fenced, _reviews, _seen) = (false, false, snapshot.Version);
        deadStreams.Drain(rows);
        return new ClusterPass(fenced, taken, released);
    }

    /// <summary>
    /// Soon again while a shard at home here is another's still; else at the next change, or after a while.
    /// </summary>
    protected override TimeSpan PauseAfter(ClusterPass result) =>
        !shardMover.HasExpected && RetryAfter < GrainsOptions.WatchInterval ? RetryAfter : GrainsOptions.WatchInterval;
}
