using System.Collections.Concurrent;
using GroupBuyActors.Placement;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Membership;

/// <summary>
/// Tells the other silos that this one drains, by a call to each, so that they place nothing on it although it is still
/// an active member. A silo that cannot be told in time, or is of an older release, learns it from the membership when
/// this one leaves; until then it may place actors here, which are moved away again.
/// </summary>
internal sealed class DrainAnnouncement(
    IClusterMembershipService membership,
    ILocalSiloDetails self,
    ClusterGateways gateways,
    TimeProvider time,
    ILogger<DrainAnnouncement> log
)
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromMilliseconds(300);
    private readonly ConcurrentDictionary<SiloAddress, byte> _told = new();

    /// <summary>The silos that have answered.</summary>
    public IReadOnlySet<SiloAddress> Told => _told.Keys.ToHashSet();

    /// <summary>
    /// Tells those that have not answered yet, also silos that have joined since, and waits a short time; returns the
    /// number of the other silos.
    /// </summary>
    public async Task<int> TellAsync()
    {
        var others = membership
            .CurrentSnapshot.Members.Values.Where(member => member.Status == SiloStatus.Active)
            .Select(member => member.SiloAddress)
            .Where(silo => !silo.Equals(self.SiloAddress))
            .ToList();
        await Task.WhenAll(others.Where(silo => !_told.ContainsKey(silo)).Select(TellAsync))
            .WaitAsync(AnswerWithin, time, CancellationToken.None)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return others.Count;
    }

    private async Task TellAsync(SiloAddress silo)
    {
        try
        {
            await gateways.Of(silo).Leaving(self.SiloAddress);
            _told[silo] = 0;
        }
        catch (Exception e)
        {
            PlacementLog.NotTold(log, e, silo.ToParsableString());
        }
    }
}
