using System.Globalization;
using System.Net;
using GroupBuyActors.Cluster.Load;
using GroupBuyActors.Testing.Silos;
using Xunit;

namespace GroupBuyActors.Cluster;

/// <summary>A silo that was frozen, taken for dead, and thaws: the zombie of every cluster.</summary>
public sealed class FrozenSiloTests
{
    private const string Group = "10042.SH-PUDONG.frozen";

    [Fact]
    public async Task WhatAFrozenSiloStillWritesAfterItsFenceIsRefusedAndItExits()
    {
        await using var system = await TestedSystem.OnMariaDbAsync(1);
        var (silo, database) = (system.Silos[0], system.Database!);
        using var edge = new Edge(system.Addresses);
        var published = await edge.AskAsync(
            HttpMethod.Put,
            $"/v1/groups/{Group}",
            new
            {
                title = "Tea",
                sku = "tea",
                unitPrice = new { amount = 6_800, currency = "CNY" },
                minGroupSize = 50_000,
                paymentWindow = "PT3S",
            }
        );
        Assert.Equal(HttpStatusCode.Created, published.Status);

        // Joins are under way when it freezes, and tasks will be due while it is frozen.
        using var enough = new CancellationTokenSource();
        using var http = new HttpClient { BaseAddress = silo.Address, Timeout = TimeSpan.FromSeconds(20) };
        var acknowledged = 0;
        var buyers = Enumerable
            .Range(0, 8)
            .Select(buyer =>
                Task.Run(async () =>
                {
                    for (var n = 0; !enough.IsCancellationRequested; n++)
                    {
                        try
                        {
                            using var answer = await http.PostAsync(
                                $"/v1/groups/{Group}/orders",
                                new StringContent(
                                    $$"""{"userId":"u-{{buyer}}-{{n}}"}""",
                                    System.Text.Encoding.UTF8,
                                    "application/json"
                                ),
                                enough.Token
                            );
                            if (answer.StatusCode == HttpStatusCode.Created)
                                Interlocked.Increment(ref acknowledged);
                        }
                        catch (Exception e)
                            when (e is HttpRequestException or OperationCanceledException or IOException)
                        {
                            // It froze, or it is gone.
                        }
                    }
                })
            )
            .ToArray();
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (Volatile.Read(ref acknowledged) < 100)
            await Task.Delay(10, soon.Token);
        await silo.FreezeAsync();

        // What another silo does that takes it for dead. It waits for a transaction in flight, which the server ends
        // within two seconds.
        var name = system.DatabaseName!;
        await database.ExecuteAsync(name, "set innodb_lock_wait_timeout=10; update stream set state=2 where state=1");
        var before = await CountAsync();
        await Task.Delay(TimeSpan.FromSeconds(4));
        await silo.ThawAsync();
        var status = await silo.WaitForExitAsync(TimeSpan.FromSeconds(30));
        await enough.CancelAsync();
        await Task.WhenAll(buyers);
        Assert.True(
            status is not (null or 0),
            $"It ended with {status?.ToString(CultureInfo.InvariantCulture) ?? "nothing"}.\n{silo.Tail()}"
        );
        Assert.Equal(before, await CountAsync());
        var orders = Convert.ToInt64(
            await database.ScalarAsync(name, "select count(*) from journal where type='order.placed'"),
            CultureInfo.InvariantCulture
        );
        Assert.True(orders >= acknowledged, $"{acknowledged} joins were acknowledged and {orders} are there.");

        async Task<long> CountAsync() =>
            Convert.ToInt64(
                await database.ScalarAsync(name, "select count(*) from journal"),
                CultureInfo.InvariantCulture
            );
    }
}
