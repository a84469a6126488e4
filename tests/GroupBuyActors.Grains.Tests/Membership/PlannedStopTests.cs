using GroupBuyActors.Groups;
using GroupBuyActors.Placement;
using GroupBuyActors.Setting;

namespace GroupBuyActors.Membership;

/// <summary>A silo that stops as planned takes no deadline with it.</summary>
public sealed class PlannedStopTests
{
    /// <summary>
    /// Its tasks used to stop first and wait for the slowest port, and its shards to be handed over after that:
    /// deadlines were seconds late.
    /// </summary>
    [Fact]
    public async Task DeadlinesAreKeptWhileAStoppingSiloWaitsForASlowPort()
    {
        await using var cluster = await TestCluster.StartAsync(2);
        await cluster.SettledAsync();
        var (shardMap, leaving) = (cluster.Get<ShardMap>(0), cluster.Silos[1].SiloAddress);
        var merchants = Enumerable
            .Range(1, 2_000)
            .Where(n => leaving.Equals(shardMap.Of(GroupId.Parse($"{n}.SH.tea").Shard)))
            .Take(41)
            .ToList();
        Assert.Equal(41, merchants.Count);

        // One order of each waits for the payment provider, which says nothing for as long as the silo would wait.
        var held = cluster.Ports.Hold("ask:");
        var slow = cluster.Client.GetGrain<IGroupGrain>($"{merchants[0]}.SH.slow");
        Assert.True((await slow.Publish(Offer(TimeSpan.FromHours(1), TimeSpan.FromMilliseconds(200)))).Succeeded);
        Assert.True((await slow.Join(new JoinGroup("user-1"))).Succeeded);
        await cluster.Ports.CalledAsync("ask:");

        var groups = merchants.Skip(1).Select(n => cluster.Client.GetGrain<IGroupGrain>($"{n}.SH.tea")).ToList();
        var timeout = TimeSpan.FromSeconds(3);
        foreach (var group in groups)
            Assert.True((await group.Publish(Offer(timeout, TimeSpan.FromHours(1)))).Succeeded);
        var stopping = cluster.StopAsync(cluster.Silos[1]);
        var ended = await Task.WhenAll(groups.Select(group => ExpiredAsync(group)));
        held.SetResult(Ports.PortAnswer.Done);
        await stopping;
        var late = ended.Max(view => view.UpdatedAt - view.Terms.Deadline);
        Assert.True(late < TimeSpan.FromSeconds(1), $"A deadline was {late} late.");
    }

    private static GroupTermsRequest Offer(TimeSpan timeout, TimeSpan paymentWindow) =>
        new()
        {
            Title = "Tea",
            Sku = "tea",
            UnitPrice = new Money(1_500, "CNY"),
            MinGroupSize = 3,
            Timeout = timeout,
            PaymentWindow = paymentWindow,
        };

    private static async Task<GroupView> ExpiredAsync(IGroupGrain group)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (true)
        {
            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), bound.Token);
                var view = (await group.Get()).Value!;
                if (view.State == GroupPhase.Expired)
                    return view;
            }
            catch (Exception e)
                when (e
                        is StoreUnavailableException
                            or SiloUnavailableException
                            or OrleansMessageRejectionException
                            or TimeoutException
                )
            {
                // It moves to the other silo.
            }
        }
    }
}
