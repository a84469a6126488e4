using System.Globalization;
using System.Net;
using GroupBuyActors.Cluster.Load;
using GroupBuyActors.Testing.Silos;
using Xunit;

namespace GroupBuyActors.Cluster;

/// <summary>The smallest packets that a silo starts with.</summary>
public sealed class SmallPacketTests
{
    private const string Group = "10042.SH-PUDONG.large";
    private const int Paid = 400;

    [Fact]
    public async Task ALargeGroupThatMissesItsDeadlineRefundsEverybodyWherePacketsAreSmall()
    {
        await using var system = await TestedSystem.OnMariaDbAsync(1, serverArguments: ["--max-allowed-packet=4M"]);
        using var edge = new Edge(system.Addresses);
        var published = await edge.AskAsync(
            HttpMethod.Put,
            $"/v1/groups/{Group}",
            new
            {
                title = "Tea",
                sku = "tea",
                unitPrice = new { amount = 6_800, currency = "CNY" },
                minGroupSize = 500,
                capacity = 500,
                countBy = "paid",
                timeout = "PT30S",
            }
        );
        Assert.Equal(HttpStatusCode.Created, published.Status);
        await Parallel.ForAsync(
            1,
            Paid + 1,
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (buyer, cancellation) =>
            {
                var joined = await edge.AskAsync(
                    HttpMethod.Post,
                    $"/v1/groups/{Group}/orders",
                    new { userId = Long(buyer) },
                    cancellation: cancellation
                );
                Assert.Equal(HttpStatusCode.Created, joined.Status);
                var order = joined.Body.GetProperty("orderId").GetString();
                var paid = await edge.AskAsync(
                    HttpMethod.Post,
                    $"/v1/orders/{order}/payments",
                    new
                    {
                        paymentId = Long(buyer),
                        amount = 6_800,
                        currency = "CNY",
                    },
                    cancellation: cancellation
                );
                Assert.Equal(HttpStatusCode.OK, paid.Status);
            }
        );
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (await CountAsync("order.refunded") < Paid)
            await Task.Delay(200, bound.Token);
        var group = await edge.AskAsync(HttpMethod.Get, $"/v1/groups/{Group}", null);
        Assert.Equal(
            ("EXPIRED", 0),
            (group.Body.GetProperty("state").GetString(), group.Body.GetProperty("seatsTaken").GetInt32())
        );
        Assert.Equal(Paid, await CountAsync("order.refunded"));

        async Task<long> CountAsync(string type) =>
            Convert.ToInt64(
                await system.Database!.ScalarAsync(
                    system.DatabaseName,
                    $"select count(*) from journal where type='{type}'"
                ),
                CultureInfo.InvariantCulture
            );
    }

    /// <summary>As long as the id of a user or of a payment may be.</summary>
    private static string Long(int buyer) => $"{buyer:D3}{new string('汉', 125)}";
}
