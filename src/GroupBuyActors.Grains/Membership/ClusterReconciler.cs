using GroupBuyActors.Background;
using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Relay;
using GroupBuyActors.Retries;
using GroupBuyActors.Store.Placement;
using GroupBuyActors.Streams;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Logging;

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
    IStreams streams,
    Shards shards,
    StreamRelay relay,
    ShardTasks tasks,
    OwnedShards ownedShards,
    ClusterGateways gateways,
    TimeProvider time,
    ILogger<ClusterReconciler> log
) : PeriodicService<ClusterPass>
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1),
        AnswerWithin = TimeSpan.FromSeconds(2),
        ReviewInterval = TimeSpan.FromMilliseconds(10);
    private readonly HashSet<long> _knownDead = [];
    private readonly HashSet<long> _draining = [];
    private readonly CancellationTokenSource _stopping = new();
    private MembershipVersion _seen;
    private int _review;
    private bool _fenced,
        _reviews;

    /// <summary>This life of this silo.</summary>
    public SiloIdentity Self { get; } = new(self.SiloAddress.ToParsableString(), self.Name);

    public override string Name => "cluster-membership";

    public override bool IsEssential => true;

    internal override Backoff Retry => new(RetryAfter, RetryAfter);

    /// <summary>
    /// Gives the shards to their next homes, or to nobody where there is none; called once no more passes are made. The
    /// next owners are told at once.
    /// </summary>
    public async Task LeaveAsync(CancellationToken cancellation)
    {
        await _stopping.CancelAsync();
        await LeavingIsKnownAsync(cancellation);
        shardMap.Leave();
        var owned = ownedShards.ToList();
        if (owned.Count == 0)
            return;
        tasks.GiveUp(owned);
        var successors = await ReleaseAsync(owned, cancellation);
        await Task.WhenAll(successors.Select(silo => gateways.Of(silo).Review()))
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
        var rows = await streams.ListAsync(cancellation);
        await membership.Refresh(default, cancellation);
        shardMap.Refresh();
        var snapshot = membership.CurrentSnapshot;
        var (fenced, hasChanged) = await FenceAsync(rows, snapshot, cancellation);
        _fenced |= hasChanged;
        if (Interlocked.Exchange(ref _review, 0) != 0)
            _reviews = true;
        var changed = snapshot.Version != _seen;
        var (taken, released) = (0, 0);
        if (_fenced || changed || _reviews || ownedShards.Count != CountExpected())
            (taken, released) = await MoveShardsAsync(snapshot, cancellation);
        if (_fenced || changed)
            tasks.ReadAgain();
        // Not before it is done: a pass that fails is made again, and what it was made for still holds.
        (_fenced, _reviews, _seen) = (false, false, snapshot.Version);
        foreach (var row in rows)
            if (_knownDead.Contains(row.Id) && self.SiloAddress.Equals(shardMap.OfStream(row.Id)))
                DrainInBackground(row.Id);
        return new ClusterPass(fenced, taken, released);
    }

    /// <summary>
    /// Soon again while a shard at home here is another's still; else at the next change, or after a while.
    /// </summary>
    protected override TimeSpan PauseAfter(ClusterPass result) =>
        ownedShards.Count != CountExpected() && RetryAfter < GrainsOptions.WatchInterval
            ? RetryAfter
            : GrainsOptions.WatchInterval;

    /// <summary>How many were fenced, and whether a stream is dead that was not known to be.</summary>
    private async Task<(int Fenced, bool HasChanged)> FenceAsync(
        IReadOnlyList<StreamRow> rows,
        ClusterMembershipSnapshot snapshot,
        CancellationToken cancellation
    )
    {
        var gone = rows.Where(row => row.State == StreamState.Alive && !IsMember(snapshot, row.SiloAddress)).ToList();
        if (gone.Count > 0)
        {
            await streams.FenceAsync([.. gone.Select(row => row.Id)], cancellation);
            MembershipLog.FencedOthers(
                log,
                gone.Count,
                string.Join(", ", gone.Select(row => row.SiloAddress).Distinct())
            );
        }

        var before = _knownDead.Count;
        _knownDead.IntersectWith(rows.Select(row => row.Id));
        var vanished = _knownDead.Count != before;
        var known = _knownDead.Count;
        _knownDead.UnionWith(gone.Select(row => row.Id));
        _knownDead.UnionWith(rows.Where(row => row.State == StreamState.Dead).Select(row => row.Id));
        return (gone.Count, _knownDead.Count != known || vanished);
    }

    private async Task<(int Taken, int Released)> MoveShardsAsync(
        ClusterMembershipSnapshot snapshot,
        CancellationToken cancellation
    )
    {
        var owners = await shards.ReadAsync(cancellation);
        // Every stream of these was dead when the table was read, and who is no member cannot allocate another.
        var gone = owners
            .Select(row => row.OwnerAddress)
            .OfType<string>()
            .Distinct()
            .Where(owner => !IsMember(snapshot, owner))
            .ToList();
        var wanted = AllShards().Where(shard => self.SiloAddress.Equals(shardMap.Of(shard))).ToHashSet();
        var owned = owners
            .Where(row => row.OwnerAddress == Self.Address)
            .ToDictionary(row => row.Shard, row => row.Epoch);
        var strangers = ownedShards.ToList().Where(shard => !owned.ContainsKey(shard)).ToList();
        tasks.GiveUp(strangers);
        var away = owned.Keys.Where(shard => !wanted.Contains(shard)).ToList();
        tasks.GiveUp(away);
        Report(await ReleaseAsync(away, cancellation));
        var missing = wanted.Where(shard => !owned.ContainsKey(shard)).ToList();
        IReadOnlyList<ShardRow> taken =
            missing.Count == 0 ? [] : await shards.TakeAsync(Self, missing, gone, cancellation);
        foreach (var row in taken)
            if (row.OwnerAddress == Self.Address)
                owned[row.Shard] = row.Epoch;
        NotifyOwners(
            owners
                .Where(row => wanted.Contains(row.Shard) && !owned.ContainsKey(row.Shard))
                .Select(row => row.OwnerAddress)
                .OfType<string>()
                .Except(gone)
        );
        var fresh = owned
            .Where(own => wanted.Contains(own.Key) && ownedShards.EpochOf(own.Key) != own.Value)
            .Select(own => (own.Key, own.Value))
            .ToList();
        if (fresh.Count > 0)
        {
            tasks.Take(fresh);
            MembershipLog.ShardsTaken(log, fresh.Count, ownedShards.Count);
        }

        return (fresh.Count, away.Count);
    }

    private void NotifyOwners(IEnumerable<string> owners) =>
        Report(owners.Distinct().Select(SiloAddress.FromParsableString));

    private void Report(IEnumerable<SiloAddress> silos)
    {
        // One that does not answer is asked again by the next pass, or looks by itself.
        foreach (var silo in silos)
            gateways.Of(silo).Review().Ignore();
    }

    /// <summary>Gives those that have them now.</summary>
    private async Task<List<SiloAddress>> ReleaseAsync(List<ShardId> released, CancellationToken cancellation)
    {
        var successors = new List<SiloAddress>();
        var members = membership.CurrentSnapshot.Members;
        foreach (var shardsOfSilo in released.GroupBy(shard => shardMap.Of(shard)))
        {
            var successor =
                shardsOfSilo.Key is { } silo && members.TryGetValue(silo, out var member)
                    ? new SiloIdentity(silo.ToParsableString(), member.Name)
                    : null;
            await shards.ReleaseAsync(Self, [.. shardsOfSilo], successor, cancellation);
            MembershipLog.ShardsReleased(log, shardsOfSilo.Count(), successor?.Slot ?? "no silo");
            if (successor is not null)
                successors.Add(shardsOfSilo.Key!);
        }

        return successors;
    }

    private void DrainInBackground(long stream)
    {
        lock (_draining)
            if (!_draining.Add(stream))
                return;
        DrainAsync(stream).Ignore();
    }

    private async Task DrainAsync(long stream)
    {
        try
        {
            await relay.DrainAsync(stream, _stopping.Token);
            await streams.PurgeAsync(_stopping.Token);
        }
        catch (Exception e) when (!_stopping.IsCancellationRequested)
        {
            MembershipLog.DrainFailed(log, e, stream);
        }
        finally
        {
            lock (_draining)
                _draining.Remove(stream);
        }
    }

    private int CountExpected() => AllShards().Count(shard => self.SiloAddress.Equals(shardMap.Of(shard)));

    private static IEnumerable<ShardId> AllShards() =>
        Enumerable.Range(0, ShardId.Count).Select(index => new ShardId(index));

    /// <summary>
    /// An address that nobody can have is no member's: one such row must not keep all others from being looked after.
    /// </summary>
    private static bool IsMember(ClusterMembershipSnapshot snapshot, string address) =>
        TryParse(address) is { } silo
        && snapshot.Members.TryGetValue(silo, out var member)
        && member.Status is not (SiloStatus.Dead or SiloStatus.None);

    private static SiloAddress? TryParse(string address)
    {
        try
        {
            return SiloAddress.FromParsableString(address);
        }
        catch (Exception e)
            when (e is FormatException or ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            return null;
        }
    }
}
