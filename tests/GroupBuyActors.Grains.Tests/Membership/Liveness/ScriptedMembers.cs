using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace GroupBuyActors.Membership.Liveness;

/// <summary>The members as one silo knows them; the declaration of a death changes them at once.</summary>
internal sealed class ScriptedMembers(SiloAddress self, params SiloAddress[] others)
    : IClusterMembershipService,
        ILocalSiloDetails
{
    private readonly ConcurrentDictionary<SiloAddress, SiloStatus> _status = new(
        others.Append(self).Select(silo => KeyValuePair.Create(silo, SiloStatus.Active))
    );
    private int _declarations;

    /// <summary>So many declarations have no effect.</summary>
    public int Lost { get; init; }

    public int Declarations => Volatile.Read(ref _declarations);

    public ICollection<SiloAddress> Killed =>
        [.. _status.Where(silo => silo.Value == SiloStatus.Dead).Select(silo => silo.Key)];

    public ClusterMembershipSnapshot CurrentSnapshot =>
        new(
            _status.ToImmutableDictionary(
                silo => silo.Key,
                silo => new ClusterMember(silo.Key, silo.Value, $"{silo.Key}")
            ),
            new MembershipVersion(Declarations)
        );

    public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => throw new NotSupportedException();

    public string Name => "self";

    public string ClusterId => "test";

    public string DnsHostName => "localhost";

    public SiloAddress SiloAddress => self;

    public SiloAddress GatewayAddress => self;

    public void Remove(SiloAddress silo) => _status.TryRemove(silo, out _);

    public ValueTask Refresh(
        MembershipVersion minimumVersion = default,
        CancellationToken cancellationToken = default
    ) => ValueTask.CompletedTask;

    public Task<bool> TryKill(SiloAddress siloAddress)
    {
        if (Interlocked.Increment(ref _declarations) > Lost)
            _status[siloAddress] = SiloStatus.Dead;
        return Task.FromResult(true);
    }
}
