using System.Diagnostics;
using System.Net;
using System.Text.Json;
using GroupBuyActors.Client;
using GroupBuyActors.Events;
using GroupBuyActors.Groups;
using GroupBuyActors.Testing.Silos;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Silo.Tests.Client;

/// <summary>The client that calls the actors: the same operations with the same answers as over HTTP.</summary>
public sealed class OrleansClientTests(TestSilo silo) : IAsyncLifetime
{
    private IHost _host = null!;
    private IGroupBuyClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        var port = silo.Services.GetRequiredService<Silo.Hosting.SiloSettings>().Cluster.GatewayPort;
        _host = HostOf(client =>
        {
            client.Gateways = [new IPEndPoint(IPAddress.Loopback, port)];
            client.IsPaymentService = true;
        });
        await _host.StartAsync(TestContext.Current.CancellationToken);
        _client = _host.Services.GetRequiredService<IGroupBuyClient>();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    [Fact]
    public async Task TheWholeLifeOfAGroupReadsAsItDoesOverHttp()
    {
        var (group, http) = (TestSilo.NewGroup(), silo.Client);
        await _client.PublishAsync(group, Offer);
        var orders = new[] { await _client.JoinAsync(group, "lin"), await _client.JoinAsync(group, "wang") };
        foreach (var order in orders)
            Assert.False((await _client.PayAsync(order.OrderId, "p", order.Total)).ToBeRefunded);
        Assert.True((await _client.PayAsync(orders[0].OrderId, "p-2", orders[0].Total)).ToBeRefunded);
        await Api.Until(async () => (await _client.GetGroupAsync(group)).State == GroupPhase.Fulfilled);
        var voucher = (await _client.GetOrderAsync(orders[0].OrderId)).VoucherCode!.Value;
        Assert.Equal(OrderStatus.Redeemed, (await _client.RedeemAsync(voucher)).Status);
        Assert.Equal(OrderStatus.VoucherIssued, (await _client.RevokeRedemptionAsync(voucher)).Status);
        Assert.Equal(OrderStatus.Refunding, (await _client.RefundAsync(orders[1].OrderId, "too late")).Status);
        Assert.Equal(GroupPhase.Fulfilled, (await _client.SettleAsync(group)).State);
        Assert.Equal(await http.GetGroupAsync(group), await _client.GetGroupAsync(group));
        Assert.Equal(await http.GetOrderAsync(orders[0].OrderId), await _client.GetOrderAsync(orders[0].OrderId));
        Assert.Equal(
            await TextOf(http.HistoryAsync(group)),
            await TextOf(_client.HistoryAsync(group, cancellation: TestContext.Current.CancellationToken))
        );
    }

    [Fact]
    public async Task AGroupEndsEarlyOrIsWithdrawnAndAnOrderIsCancelled()
    {
        var group = TestSilo.NewGroup();
        await _client.PublishAsync(group, Offer with { Capacity = 10 });
        var order = await _client.JoinAsync(group, "lin");
        Assert.Equal(OrderStatus.Closed, (await _client.CancelAsync(order.OrderId)).Status);
        await _client.JoinAsync(group, "wang");
        await _client.JoinAsync(group, "zhao");
        Assert.Equal(GroupPhase.Success, (await _client.EndJoiningAsync(group)).State);
        var other = TestSilo.NewGroup();
        await _client.PublishAsync(other, Offer);
        Assert.Equal(GroupPhase.Expired, (await _client.WithdrawAsync(other)).State);
    }

    [Fact]
    public async Task ListsHaveWhatListsOverHttpHave()
    {
        var group = TestSilo.NewGroup();
        await _client.PublishAsync(group, Offer);
        var user = $"user-{group.MerchantId}";
        await _client.JoinAsync(group, user);
        await Api.Until(async () => (await _client.ListGroupsAsync(group.MerchantId)).Items is [{ SeatsTaken: 1 }]);
        Assert.Equal((await silo.Client.UserOrdersAsync(user)).Items, (await _client.UserOrdersAsync(user)).Items);
        var first = await _client.ListGroupsAsync(limit: 1);
        var second = await _client.ListGroupsAsync(after: first.Next, limit: 1);
        Assert.NotEqual(first.Items[0].GroupId, second.Items[0].GroupId);
        foreach (
            var (faulty, field) in new (Func<Task>, string)[]
            {
                (() => _client.ListGroupsAsync(limit: 501), "limit"),
                (() => _client.ListGroupsAsync(region: "nowhere"), "region"),
                (() => _client.ListGroupsAsync(after: "x"), "after"),
                (() => _client.UserOrdersAsync(""), "userId"),
            }
        )
            Assert.Equal([field], (await Assert.ThrowsAsync<ProblemException>(faulty)).Errors.Keys);
    }

    [Fact]
    public async Task ARefusalSaysTheSameAsOverHttp()
    {
        var group = TestSilo.NewGroup();
        foreach (
            var call in new Func<IGroupBuyClient, Task>[]
            {
                client => client.GetGroupAsync(group),
                client => client.GetOrderAsync(OrderId.Parse($"{group}.1")),
                client => client.JoinAsync(group, "lin"),
                client => client.RedeemAsync(VoucherCode.Parse($"{group}.1.abcdefghijkmnpqrstuvwx")),
                client => client.PublishAsync(group, Offer with { Title = "", Capacity = 1 }),
            }
        )
        {
            var told = await Assert.ThrowsAsync<ProblemException>(() => call(_client));
            var overHttp = await Assert.ThrowsAsync<ProblemException>(() => call(silo.Client));
            Assert.Equal((overHttp.Status, overHttp.Code), (told.Status, told.Code));
            Assert.Equal(overHttp.Errors.Keys.Order(), told.Errors.Keys.Order());
        }
    }

    [Fact]
    public async Task ACallersOwnKeyIsHonouredAndHeldToItsArguments()
    {
        var group = TestSilo.NewGroup();
        await _client.PublishAsync(group, Offer with { Capacity = 10, PerUserLimit = 5 });
        var order = await _client.JoinAsync(group, "lin", 2, "cart-1");
        Assert.Equal(order, await _client.JoinAsync(group, "lin", 2, "cart-1"));
        Assert.NotEqual(order.OrderId, (await _client.JoinAsync(group, "lin", 2, "cart-2")).OrderId);
        var other = await Assert.ThrowsAsync<ProblemException>(() => _client.JoinAsync(group, "lin", 1, "cart-1"));
        Assert.Equal("idempotency.mismatch", other.Code);
        await Assert.ThrowsAsync<ArgumentException>(() => _client.JoinAsync(group, "lin", 1, ""));
    }

    [Fact]
    public async Task EventsComeAsTheyHappenEachOnce()
    {
        var group = TestSilo.NewGroup();
        await _client.PublishAsync(group, Offer);
        var seen = new List<long>();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        await foreach (var item in _client.EventsAsync(group, cancellation: limit.Token))
        {
            seen.Add(item.Sequence);
            if (item.Sequence == 3)
                await _client.JoinAsync(group, "lin");
            if (item.Type == "group.opened")
                break;
        }

        Assert.Equal([1, 2, 3, 4, 5], seen);
        await Assert.ThrowsAsync<ProblemException>(async () =>
            await _client
                .EventsAsync(TestSilo.NewGroup(), cancellation: limit.Token)
                .GetAsyncEnumerator()
                .MoveNextAsync()
        );
    }

    [Fact]
    public async Task OneLogicalCallIsOneActivityWithItsTries()
    {
        var group = TestSilo.NewGroup();
        await _client.PublishAsync(group, Offer);
        var ended = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "GroupBuyActors.Client",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (Equals(activity.GetTagItem("groupbuy.target"), group.Value))
                    ended.Add(activity);
            },
        };
        ActivitySource.AddActivityListener(listener);
        await _client.JoinAsync(group, "lin");
        var join = Assert.Single(ended);
        Assert.Equal(("groupbuy join", 1), (join.OperationName, join.GetTagItem("groupbuy.tries")));
    }

    [Fact]
    public async Task AHostWaitsForItsSiloInsteadOfFailing()
    {
        var port = LoopbackPorts.Draw();
        using var host = HostOf(client => client.Gateways = [new IPEndPoint(IPAddress.Loopback, port)]);
        using var enough = new CancellationTokenSource(TimeSpan.FromSeconds(2), TimeProvider.System);
        var starting = host.StartAsync(enough.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        Assert.True(enough.IsCancellationRequested);
    }

    [Fact]
    public async Task EveryFaultOfTheOptionsIsReportedAtTheStart()
    {
        using var host = HostOf(client =>
        {
            client.ConnectionString = "Nonsense=1";
            client.ClusterId = "";
            client.TryTimeout = TimeSpan.Zero;
            client.RetryDelayMax = TimeSpan.Zero;
        });
        var faults = await Assert.ThrowsAsync<OptionsValidationException>(() =>
            host.StartAsync(TestContext.Current.CancellationToken)
        );
        foreach (var name in (string[])["ConnectionString", "ClusterId", "TryTimeout", "RetryDelayMax"])
            Assert.Contains(name, faults.Message, StringComparison.Ordinal);
    }

    private static GroupTermsRequest Offer =>
        new()
        {
            Title = "龙井",
            Sku = "tea",
            UnitPrice = new Money(9900, "CNY"),
            MinGroupSize = 2,
        };

    private static IHost HostOf(Action<GroupBuyOrleansClientOptions> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddGroupBuyOrleansClient(configure);
        return builder.Build();
    }

    private static async Task<List<string>> TextOf(IAsyncEnumerable<HistoryItem> history)
    {
        var items = new List<string>();
        await foreach (var item in history)
            items.Add($"{item.Sequence} {item.Type} {item.Time:O} {JsonSerializer.Serialize(item.Data)}");
        return items;
    }
}
