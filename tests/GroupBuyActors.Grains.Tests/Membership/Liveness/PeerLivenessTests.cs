using System.Net;
using GroupBuyActors.Store;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Placement;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace GroupBuyActors.Membership.Liveness;

/// <summary>Silos are asked at the ports that are stored, and ports of silos that are over are removed.</summary>
public sealed class PeerLivenessTests : IAsyncLifetime
{
    private static readonly SiloAddress Alive = At(11111, 5),
        Killed = At(11121, 6),
        WithoutPort = At(11131, 7);

    private readonly ServiceProvider _services = new ServiceCollection()
        .AddGroupBuyStore(store =>
            store.ConnectionString =
                $"Data Source={Path.Combine(Directory.CreateTempSubdirectory("groupbuy-liveness-").FullName, "a.db")}"
        )
        .BuildServiceProvider();

    private LivenessPorts Ports => _services.GetRequiredService<LivenessPorts>();

    public async ValueTask InitializeAsync() =>
        await _services.GetRequiredService<IStoreHealth>().MigrateAsync(CancellationToken.None);

    public async ValueTask DisposeAsync() => await _services.DisposeAsync();

    [Fact]
    public async Task EachSiloIsAskedAtItsStoredPort()
    {
        using var alive = Listen(Alive);
        using var killed = Listen(Killed);
        await Ports.AddAsync(Alive.ToParsableString(), alive.Endpoint.Port, CancellationToken.None);
        await Ports.AddAsync(Killed.ToParsableString(), killed.Endpoint.Port, CancellationToken.None);
        killed.Dispose();
        var peers = new PeerLiveness(Ports, new LivenessProbe(new LivenessTimes()));
        var answers = await peers.AskAsync([Alive, Killed, WithoutPort], CancellationToken.None);
        Assert.IsType<LivenessAnswer.Alive>(answers[Alive]);
        Assert.IsType<LivenessAnswer.Dead>(answers[Killed]);
        Assert.IsType<LivenessAnswer.Unknown>(answers[WithoutPort]);
        Assert.Empty(await peers.AskAsync([], CancellationToken.None));
    }

    [Fact]
    public async Task PortsOfSilosThatAreOverAreRemovedAndThoseOfSilosThatMayYetJoinStay()
    {
        foreach (var silo in new[] { Alive, Killed, WithoutPort })
            await Ports.AddAsync(silo.ToParsableString(), 101, CancellationToken.None);
        // All but the last began long ago; of these one is a member.
        await _services
            .GetRequiredService<Database>()
            .WriteAsync(
                $"""
                update silo_liveness set created_ms = created_ms - 7200000
                  where silo_address <> {WithoutPort.ToParsableString()}
                """,
                CancellationToken.None
            );
        var step = await new RetainedLivenessPorts(Ports, new ScriptedMembers(Alive)).StepAsync(
            100,
            CancellationToken.None
        );
        Assert.Equal((1, true), (step.Removed, step.IsDone));
        Assert.Equal(
            [Alive.ToParsableString(), WithoutPort.ToParsableString()],
            (await Ports.ReadAsync(CancellationToken.None)).Keys.Order(StringComparer.Ordinal)
        );
    }

    private static LivenessListener Listen(SiloAddress silo) =>
        new(silo, new IPEndPoint(IPAddress.Loopback, 0), NullLogger.Instance);

    private static SiloAddress At(int port, int generation) =>
        SiloAddress.New(new IPEndPoint(IPAddress.Loopback, port), generation);
}
