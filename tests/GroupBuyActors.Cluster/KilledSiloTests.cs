using System.Net;
using GroupBuyActors.Cluster.Load;
using GroupBuyActors.Testing.Silos;
using Xunit;

namespace GroupBuyActors.Cluster;

/// <summary>A silo is killed; the others see that its process is gone, and do not wait for missed probes.</summary>
public sealed class KilledSiloTests
{
    private const string DeclaringDead = "The silo is declared dead, so that others continue its work.",
        FoundDead = "is dead for the cluster";
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task AKilledSilosGroupsAnswerElsewhereBecauseItsProcessIsProvenToBeGone()
    {
        await using var system = await TestedSystem.OnMariaDbAsync(3);
        // Many enough that each silo has some.
        var groups = Enumerable.Range(1, 24).Select(n => $"{n}.SH-PUDONG.killed").ToList();
        using (var all = new Edge(system.Addresses))
            foreach (var group in groups)
                Assert.Equal(HttpStatusCode.Created, (await PublishAsync(all, group)).Status);

        // A silo that stops when it is asked to leaves by itself, and nobody finds it dead.
        Assert.Equal(0, await system.StopAsync(1));
        await system.RestartAsync(1);
        Assert.DoesNotContain(system.Silos, silo => Log(silo).Contains(DeclaringDead, StringComparison.Ordinal));

        await system.KillAsync(2);
        SiloProcess[] survivors = [system.Silos[0], system.Silos[1]];
        using var edge = new Edge(survivors.Select(silo => silo.Address));
        foreach (var group in groups)
            Assert.Equal(
                HttpStatusCode.Created,
                (await edge.AskAsync(HttpMethod.Post, $"/v1/groups/{group}/orders", new { userId = "u-1" })).Status
            );
        await UntilAsync(() => survivors.Any(silo => Log(silo).Contains(FoundDead, StringComparison.Ordinal)));
        Assert.Contains(survivors, silo => Log(silo).Contains(DeclaringDead, StringComparison.Ordinal));

        // The next run of the silo is another one for the others, and watched like the one before.
        await system.RestartAsync(2);
        survivors = [system.Silos[1], system.Silos[2]];
        // Only who declares a death tells it.
        var before = survivors.Sum(silo => Count(silo, FoundDead));
        await system.KillAsync(0);
        await UntilAsync(() => survivors.Sum(silo => Count(silo, FoundDead)) > before);
    }

    private static Task<Answer> PublishAsync(Edge edge, string group) =>
        edge.AskAsync(
            HttpMethod.Put,
            $"/v1/groups/{group}",
            new
            {
                title = "Tea",
                sku = "tea",
                unitPrice = new { amount = 6_800, currency = "CNY" },
                minGroupSize = 50,
                paymentWindow = "PT60S",
            }
        );

    private static string Log(SiloProcess silo) => silo.Tail(int.MaxValue);

    private static int Count(SiloProcess silo, string text) => Log(silo).Split(text).Length - 1;

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var bound = new CancellationTokenSource(Bound);
        while (!condition())
            await Task.Delay(100, bound.Token);
    }
}
