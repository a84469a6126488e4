using System.Diagnostics.Metrics;
using GroupBuyActors.Background;
using GroupBuyActors.Hosting;
using GroupBuyActors.Store.Placement;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Membership.Liveness;

/// <summary>
/// Watches every other silo's liveness port, and declares a silo dead whose process is proven to be gone, so that its
/// groups continue elsewhere within a fraction of a second and not only once Orleans' probes have failed several times.
/// All silos do the same: the first in the order of their addresses declares at once, the next ones a moment later
/// unless the silo is known to be dead by then, so that they do not all write to the membership at the same moment.
/// What follows (streams are fenced, shards and their tasks taken) is the reconciler's pass after every change of the
/// membership.
/// </summary>
internal sealed class DeathDetector : PeriodicService<int>, IPeerWatcher
{
    private const int StaggeredMax = 10;
    private static readonly TimeSpan UnknownPortInterval = TimeSpan.FromSeconds(30);
    private readonly Lock _gate = new();
    private readonly Dictionary<SiloAddress, (PeerWatch Watch, CancellationTokenSource Stop)> _watches = [];
    private readonly IClusterMembershipService _membership;
    private readonly SiloAddress _self;
    private readonly LivenessPorts _ports;
    private readonly LivenessProbe _probe;
    private readonly LivenessTimes _times;
    private readonly TimeProvider _time;
    private readonly bool _isOn;
    private readonly ILogger<DeathDetector> _log;
    private readonly Counter<long> _declared;
    private CancellationToken _stopping;

    public DeathDetector(
        IClusterMembershipService membership,
        ILocalSiloDetails self,
        LivenessPorts ports,
        LivenessProbe probe,
        LivenessTimes times,
        TimeProvider time,
        IMeterFactory meters,
        IOptions<GrainsOptions> options,
        ILogger<DeathDetector> log
    )
    {
        (_membership, _self, _ports, _probe) = (membership, self.SiloAddress, ports, probe);
        (_times, _time, _log, _isOn) = (times, time, log, options.Value.Liveness is not null);
        var meter = meters.Create("GroupBuyActors");
        _declared = meter.CreateCounter<long>(
            "cluster_deaths_declared_total",
            description: "Silos that this silo declared dead because their process was proven to be gone."
        );
        _declared.Add(0);
        meter.CreateObservableGauge(
            "cluster_peers_watched",
            () => Watched,
            description: "Other silos whose liveness port this silo is connected to."
        );
    }

    public override string Name => "death-detector";

    /// <summary>The number of silos to which a connection is held.</summary>
    public int Watched
    {
        get
        {
            lock (_gate)
                return _watches.Values.Count(watch => watch.Watch.IsConnected);
        }
    }

    /// <summary>
    /// Follows the members: watches each active silo until it is no member any more. Returns the number of active silos
    /// whose port is not stored: those run without detection.
    /// </summary>
    public override async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        if (!_isOn)
            return 0;
        if (_stopping != cancellation)
            cancellation.UnsafeRegister(static detector => ((DeathDetector)detector!).StopAll(), this);
        _stopping = cancellation;
        var snapshot = _membership.CurrentSnapshot;
        var fresh = Follow(snapshot);
        if (fresh.Count == 0)
            return 0;
        var ports = await _ports.ReadAsync(cancellation);
        var unknown = 0;
        foreach (var peer in fresh)
            if (ports.TryGetValue(peer.ToParsableString(), out var port))
                Watch(peer, port, cancellation);
            else
                unknown++;
        return unknown;
    }

    /// <summary>At the next change of the membership, or after a while.</summary>
    protected override TimeSpan PauseAfter(int result) => UnknownPortInterval;

    /// <inheritdoc/>
    public async Task PeerDiedAsync(SiloAddress peer, string proof, CancellationToken cancellation)
    {
        var known = _time.GetTimestamp();
        if (await IsGoneAsync(peer, Rank(peer) * _times.Stagger, cancellation))
            return;
        MembershipLog.DeclaringDead(_log, peer.ToParsableString(), proof);
        _declared.Add(1);
        // It is put in a queue, and is lost if another silo changes the membership at the same moment; then the watch
        // asks again and reports again.
        await _membership.TryKill(peer);
        if (!await IsGoneAsync(peer, _times.DeclaredWithin, cancellation))
            await _membership.Refresh(default, cancellation);
        if (!IsMember(_membership.CurrentSnapshot, peer))
            MembershipLog.DeclaredDead(_log, peer.ToParsableString(), _time.GetElapsedTime(known).TotalMilliseconds);
    }

    private IReadOnlyCollection<SiloAddress> Follow(ClusterMembershipSnapshot snapshot)
    {
        lock (_gate)
        {
            foreach (var peer in _watches.Keys.Where(peer => !IsMember(snapshot, peer)).ToList())
            {
                _watches.Remove(peer, out var over);
                over.Stop.Cancel();
            }

            return
            [
                .. snapshot
                    .Members.Values.Where(member => member.Status == SiloStatus.Active)
                    .Select(member => member.SiloAddress)
                    .Where(peer => !peer.Equals(_self) && !_watches.ContainsKey(peer)),
            ];
        }
    }

    private void Watch(SiloAddress peer, int port, CancellationToken cancellation)
    {
        // Its thread uses it for a moment longer than it is needed here, so it is left to the collector.
        var stop = new CancellationTokenSource();
        var watch = new PeerWatch(peer, port, _probe, _times, _time, this, _log);
        lock (_gate)
        {
            if (cancellation.IsCancellationRequested)
                return;
            _watches.Add(peer, (watch, stop));
        }

        watch.Start(stop.Token);
    }

    private void StopAll()
    {
        lock (_gate)
        {
            foreach (var watch in _watches.Values)
                watch.Stop.Cancel();
            _watches.Clear();
        }
    }

    /// <summary>
    /// Waits until a silo is no member; false if it still is one after this time. The watch of a silo that is no member
    /// any more is cancelled, which may be noticed first.
    /// </summary>
    private async Task<bool> IsGoneAsync(SiloAddress peer, TimeSpan within, CancellationToken cancellation)
    {
        var since = _time.GetTimestamp();
        while (IsMember(_membership.CurrentSnapshot, peer))
        {
            cancellation.ThrowIfCancellationRequested();
            if (_time.GetElapsedTime(since) >= within)
                return false;
            await Task.Delay(_times.Poll, _time, cancellation)
                .ConfigureAwait(
                    ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext
                );
        }

        return true;
    }

    private int Rank(SiloAddress dead) =>
        Math.Min(
            StaggeredMax,
            _membership
                .CurrentSnapshot.Members.Values.Where(member => member.Status == SiloStatus.Active)
                .Count(member => !member.SiloAddress.Equals(dead) && member.SiloAddress.CompareTo(_self) < 0)
        );

    private static bool IsMember(ClusterMembershipSnapshot snapshot, SiloAddress silo) =>
        snapshot.Members.TryGetValue(silo, out var member) && member.Status is not (SiloStatus.Dead or SiloStatus.None);
}
