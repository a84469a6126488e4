using GroupBuyActors.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace GroupBuyActors.Membership;

/// <summary>The times of a silo as it is composed, beside each other.</summary>
public sealed class ProbeTimesTests : IDisposable
{
    private readonly IHost _host;
    private readonly ClusterMembershipOptions _membership;

    public ProbeTimesTests()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleans(silo => silo.UseLocalhostClustering().UseGroupBuyActors());
        _host = builder.Build();
        _membership = Get<ClusterMembershipOptions>();
    }

    [Fact]
    public void ASiloThatThawsAfterItsEvictionFindsItsFenceTooOldToAnswer()
    {
        Assert.True(Get<GrainsOptions>().FenceBound < ProbeTimes.Fastest(_membership));
        Assert.True(_membership.EnableConnectionLivenessCheck);
        Assert.True(Get<GrainsOptions>().FenceBound < _membership.MaxProbeTimeout * _membership.NumMissedProbesLimit);
    }

    [Fact]
    public void AFrozenSiloIsEvictedEarlyEnoughForItsGroupsToLiveElsewhereWithin8Seconds() =>
        Assert.InRange(ProbeTimes.Slowest(_membership), TimeSpan.Zero, TimeSpan.FromSeconds(6.5));

    [Fact]
    public void TheDirectoryHoldsNoGroupsOfADeadSilo()
    {
        var hold =
            Get<GrainDirectoryOptions>().RangeLeaseDuration
            - _membership.MaxProbeTimeout * _membership.NumMissedProbesLimit;
        Assert.True(hold <= TimeSpan.Zero, $"Groups of a dead silo are held for {hold}.");
    }

    public void Dispose() => _host.Dispose();

    private T Get<T>()
        where T : class => _host.Services.GetRequiredService<IOptions<T>>().Value;
}
