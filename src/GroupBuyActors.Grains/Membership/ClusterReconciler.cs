using GroupBuyActors.Background;
using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Retries;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Membership;

/// <summary>The result of one pass: the number of streams fenced, shards taken and shards released.</summary>
internal readonly record struct ClusterPass(int Fenced, int Taken, int Released);

/// <summary>
/// Keeps streams and shards consistent with the cluster's members. Every silo does the same work, at every change of
/// the membership and regularly (a silo that died between two steps of joining causes no change):
/// <list type="number">
/// <item>Streams whose silo is not a member are fenced. A stream belongs to one run of a silo, so a restarted silo
/// never fences itself. The table is read first and the membership after it, because a silo joins before it creates
/// streams.</item>
/// <item>Shards whose home is this silo and that have no owner, or a fenced one, are taken; shards owned here with
/// another home are released to it by name. A shard of a live owner is passed on in no other way. A silo that misses a
/// shard asks its owner to review: the owner may have been given it by a silo with another view of the cluster, without
/// knowing.</item>
/// <item>After any fence, by any silo, the horizon is read again from the beginning, because the dead silo may have
/// committed after the last reading.</item>
/// <item>Actors that are active here and at home elsewhere follow: see <see cref="Rehomer"/>.</item>
/// <item>Fenced streams whose home is this silo are drained into the sinks.</item>
/// </list>
/// None of this is a lock: two owners of a shard at the same time are harmless, and the database refuses a second
/// writer of a group.
/// </summary>
internal sealed class ClusterReconciler(
    IClusterMembershipService membership,
    ILocalSiloDetails self,
    ShardMap shardMap,
    DeadStreams deadStreams,
    ShardMover shardMover,
    ShardTasks tasks,
    Rehomer rehomer,
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

    /// <summary>The identity of this run of this silo.</summary>
    public SiloIdentity Self { get; } = self.Identity();

    public override string Name => "cluster-membership";

    public override bool IsEssential => true;

    internal override Backoff Retry => new(RetryAfter, RetryAfter);

    /// <summary>
    /// Releases the shards to their next homes, or to no owner if there is none, and notifies the next owners; called
    /// once no more passes are made.
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

    /// <summary>A successor to which this silo still seems active would send the shards back.</summary>
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

    /// <summary>Requests a pass because another silo misses shards that this one owns according to the table.</summary>
    public void Review()
    {
        Volatile.Write(ref _review, 1);
        RunSoon();
    }

    /// <summary>Makes one pass. Throws if the store fails; then the pass is repeated.</summary>
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
        // Not before it is done: a pass that fails is repeated for the same reasons.
        (_fenced, _reviews, _seen) = (false, false, snapshot.Version);
        // Actors follow their shards' tasks.
        if (changed || released > 0)
            rehomer.RunSoon();
        deadStreams.Drain(rows);
        return new ClusterPass(fenced, taken, released);
    }

    /// <summary>
    /// Soon while another silo still owns a shard whose home is this silo; otherwise at the next change or after a
    /// while.
    /// </summary>
    protected override TimeSpan PauseAfter(ClusterPass result) =>
        !shardMover.HasExpected && RetryAfter < GrainsOptions.WatchInterval ? RetryAfter : GrainsOptions.WatchInterval;
}
