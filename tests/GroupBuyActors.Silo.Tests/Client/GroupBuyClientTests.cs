using System.Net;
using System.Net.Http.Headers;
using System.Text;
using GroupBuyActors.Client;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Silo.Tests.Client;

/// <summary>The client package: safe to use across the death of what it talks to.</summary>
public sealed class GroupBuyClientTests(TestSilo silo)
{
    [Fact]
    public async Task APostKeepsItsKeyOverItsTriesAndMakesOneOrder()
    {
        var group = TestSilo.NewGroup();
        var flaky = new Flaky(silo.Url, loseAnswers: 2);
        var client = ClientOf(flaky);
        await client.PublishAsync(group, Offer);
        flaky.Reset();
        var order = await client.JoinAsync(group, "lin");
        Assert.Equal(1, order.OrderId.Number);
        Assert.Equal(3, flaky.Keys.Count);
        Assert.Single(flaky.Keys.Distinct());
        Assert.Equal(1, (await client.GetGroupAsync(group)).SeatsTaken);
    }

    [Fact]
    public async Task ARevocationWhoseAnswersGetLostIsNotToldAsRefused()
    {
        var group = TestSilo.NewGroup();
        var voucher = VoucherCode.Parse((await silo.Api.FulfilAsync(group))[0]["voucherCode"]);
        await silo.Client.RedeemAsync(voucher);
        var flaky = new Flaky(silo.Url, loseAnswers: 2);
        flaky.Reset();
        Assert.Equal(OrderStatus.VoucherIssued, (await ClientOf(flaky).RevokeRedemptionAsync(voucher)).Status);
        Assert.Equal(3, flaky.Keys.Count);
        Assert.Single(flaky.Keys.Distinct());
    }

    [Fact]
    public async Task CallsOfTheirOwnHaveKeysOfTheirOwn()
    {
        var group = TestSilo.NewGroup();
        var flaky = new Flaky(silo.Url, loseAnswers: 0);
        var client = ClientOf(flaky);
        await client.PublishAsync(group, Offer);
        flaky.Reset();
        await client.JoinAsync(group, "lin");
        await client.JoinAsync(group, "wang");
        Assert.Equal(2, flaky.Keys.Distinct().Count());
    }

    [Fact]
    public async Task ARefusalCarriesItsCodeAndEveryFaultyField()
    {
        var refused = await Assert.ThrowsAsync<ProblemException>(() => silo.Client.GetGroupAsync(TestSilo.NewGroup()));
        Assert.Equal((HttpStatusCode.NotFound, "group.not_found"), (refused.Status, refused.Code));
        var faulty = await Assert.ThrowsAsync<ProblemException>(() =>
            silo.Client.PublishAsync(TestSilo.NewGroup(), Offer with { Title = "", Capacity = 1 })
        );
        Assert.Equal(["capacity", "title"], faulty.Errors.Keys.Order());
    }

    [Fact]
    public async Task AStreamThatBreaksGoesOnAfterTheLastEventSeen()
    {
        var group = TestSilo.NewGroup();
        await silo.Client.PublishAsync(group, Offer);
        var client = ClientOf(new Flaky(silo.Url, loseAnswers: 0, cutStreams: true));
        var seen = new List<long>();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        await foreach (var item in client.EventsAsync(group, cancellation: limit.Token))
        {
            seen.Add(item.Sequence);
            if (item.Sequence == 3)
                await silo.Client.JoinAsync(group, "lin");
            if (item.Type == "group.opened")
                break;
        }

        Assert.Equal([1, 2, 3, 4, 5], seen);
    }

    [Fact]
    public async Task TheWholeLifeOfAGroupCanBeWrittenWithIt()
    {
        var (client, group) = (silo.Client, TestSilo.NewGroup());
        var published = await client.PublishAsync(
            group,
            Offer with
            {
                Timeout = TimeSpan.FromHours(2),
                CountBy = CountBy.Paid,
            }
        );
        Assert.Equal(
            (TimeSpan.FromHours(2), CountBy.Paid, "龙井"),
            (published.Timeout, published.CountBy, published.Title)
        );
        var orders = new[] { await client.JoinAsync(group, "lin"), await client.JoinAsync(group, "wang") };
        foreach (var order in orders)
            Assert.False((await client.PayAsync(order.OrderId, "p", order.Total)).ToBeRefunded);
        Assert.True((await client.PayAsync(orders[0].OrderId, "p-2", orders[0].Total)).ToBeRefunded);
        await Api.Until(async () => (await client.GetGroupAsync(group)).State == GroupPhase.Fulfilled);
        var voucher = (await client.GetOrderAsync(orders[0].OrderId)).VoucherCode!.Value;
        Assert.Equal(OrderStatus.Redeemed, (await client.RedeemAsync(voucher)).Status);
        Assert.Equal(OrderStatus.VoucherIssued, (await client.RevokeRedemptionAsync(voucher)).Status);
        Assert.Equal(OrderStatus.Refunding, (await client.RefundAsync(orders[1].OrderId)).Status);
        Assert.NotEmpty((await client.TasksAsync()).Items);
        Assert.Single((await client.ClusterAsync()).Silos);
        Assert.True((await client.BooksAsync(group.MerchantId)).Balanced);
        Assert.Equal(GroupPhase.Fulfilled, (await client.SettleAsync(group)).State);
    }

    private static GroupTermsRequest Offer =>
        new()
        {
            Title = "龙井",
            Sku = "tea",
            UnitPrice = new Money(9900, "CNY"),
            MinGroupSize = 2,
        };

    private static GroupBuyClient ClientOf(Flaky flaky) =>
        new(
            new HttpClient(flaky) { BaseAddress = flaky.Url, Timeout = Timeout.InfiniteTimeSpan },
            new GroupBuyClientOptions { RetryDelay = TimeSpan.FromMilliseconds(1) }
        );

    /// <summary>
    /// A network that delivers every call and loses the first answers of each, and cuts streams short.
    /// </summary>
    private sealed class Flaky(Uri url, int loseAnswers, bool cutStreams = false)
        : DelegatingHandler(new SocketsHttpHandler())
    {
        private int _left;

        public Uri Url => url;

        public List<string> Keys { get; } = [];

        /// <summary>Forgets the keys seen; from here on answers get lost.</summary>
        public void Reset()
        {
            _left = loseAnswers;
            Keys.Clear();
        }

        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        )
        {
            if (request.Headers.TryGetValues("Idempotency-Key", out var keys))
                Keys.Add(keys.Single());
            var response = await base.SendAsync(request, cancellationToken);
            if (_left-- > 0)
            {
                response.Dispose();
                throw new HttpRequestException("The answer got lost.");
            }

            if (cutStreams && response.Content.Headers.ContentType?.MediaType == "text/event-stream")
                await CutAsync(response, cancellationToken);
            return response;
        }

        // What the first read brings, perhaps with half an event at its end; then nothing more.
        private static async Task CutAsync(HttpResponseMessage response, CancellationToken cancellation)
        {
            var bytes = new byte[4000];
            var read = await (await response.Content.ReadAsStreamAsync(cancellation)).ReadAsync(bytes, cancellation);
            response.Content = new StringContent(
                Encoding.UTF8.GetString(bytes, 0, read),
                Encoding.UTF8,
                new MediaTypeHeaderValue("text/event-stream")
            );
        }
    }
}
