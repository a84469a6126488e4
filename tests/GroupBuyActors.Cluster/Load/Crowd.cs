using System.Collections.Concurrent;
using System.Net;

namespace GroupBuyActors.Cluster.Load;

/// <summary>
/// Merchants and buyers who go on whatever fails: they publish campaigns that end in every way a campaign can, join,
/// pay (in every way people do, or not at all), cancel, ask refunds, redeem and revoke. What is acknowledged to them is
/// in the <see cref="Ledger"/>. Its name tells one crowd's campaigns and buyers from another's.
/// </summary>
internal sealed class Crowd(Edge edge, Ledger ledger, int seed, string name = "", int people = 16)
{
    private const int OpenCampaigns = 10;
    private readonly Till _till = new(edge, ledger);
    private readonly CancellationTokenSource _enough = new();
    private readonly ConcurrentDictionary<int, Campaign> _shelf = new();
    private readonly ConcurrentBag<Campaign> _published = [];
    private readonly ConcurrentQueue<Purchase> _vouchersToCome = new();
    private List<Task> _running = [];
    private int _campaigns;
    private int _keys;

    /// <summary>Lets them loose.</summary>
    public void Start() =>
        _running = [
            .. Enumerable
                .Range(0, people)
                .Select(person => Task.Run(() => LiveAsync(new Random(unchecked(seed * 31 + person))))),
        ];

    /// <summary>Lets everyone finish what they are at, and merchants end what is still open.</summary>
    public async Task StopAsync()
    {
        await _enough.CancelAsync();
        await Task.WhenAll(_running);
        foreach (var campaign in _published.Where(campaign => campaign.Plot is Plot.EndedEarly or Plot.Withdrawn))
            await EndAsync(campaign);
    }

    /// <summary>Throws what ended a person too early, where something did.</summary>
    public void ThrowIfBroken()
    {
        foreach (var person in _running.Where(person => person.IsFaulted))
            person.GetAwaiter().GetResult();
    }

    private async Task LiveAsync(Random dice)
    {
        while (!_enough.IsCancellationRequested)
        {
            if (_vouchersToCome.Count > 200 || dice.Next(6) == 0)
                await UseVoucherAsync(dice);
            if (dice.Next(3) == 0)
                await _till.PayLateAsync();
            var campaign = await PickAsync(dice);
            if (await JoinAsync(campaign) is not { } purchase)
                continue;
            await FollowAsync(purchase, dice);
            if (campaign.CountOrder() is 12 && campaign.Plot is Plot.EndedEarly or Plot.Withdrawn)
                await EndAsync(campaign);
        }
    }

    private async Task<Campaign> PickAsync(Random dice)
    {
        var place = dice.Next(OpenCampaigns);
        if (_shelf.TryGetValue(place, out var campaign) && !campaign.IsOver)
            return campaign;
        return _shelf[place] = await PublishAsync(dice);
    }

    private async Task<Campaign> PublishAsync(Random dice)
    {
        var number = Interlocked.Increment(ref _campaigns);
        var plot = (Plot)dice.Next(Enum.GetValues<Plot>().Length);
        var (min, capacity, timeout) = plot switch
        {
            Plot.Fills => (3, 3 + dice.Next(6), "PT4S"),
            Plot.FillsPaid or Plot.Lapses or Plot.Forfeits => (3, 3 + dice.Next(6), "PT4S"),
            Plot.TimesOut => (1_000, 1_000, "PT2.5S"),
            Plot.EndedEarly => (2, 500, "PT1H"),
            _ => (1_000, 1_000, "PT1H"),
        };
        var merchant = 10_000L + (number % 40);
        var campaign = new Campaign(
            $"{merchant}.SH-PUDONG.{name}c{number}",
            merchant,
            $"tea-{name}{number}",
            plot,
            capacity,
            perUserLimit: 3
        );
        var answer = await edge.AskAsync(
            HttpMethod.Put,
            $"/v1/groups/{campaign.Id}",
            new
            {
                title = $"{plot} {number}",
                sku = campaign.Sku,
                unitPrice = new { amount = Till.Price, currency = Till.Currency },
                minGroupSize = min,
                capacity,
                perUserLimit = campaign.PerUserLimit,
                timeout,
                paymentWindow = "PT1.5S",
                countBy = plot == Plot.FillsPaid ? "paid" : "joined",
                voucherValidity = campaign.VouchersEnd ? "PT2S" : "P30D",
                lapsePolicy = plot == Plot.Forfeits ? "forfeit" : "refund",
            }
        );
        ledger.Expect(answer, $"publication of {campaign.Id}", HttpStatusCode.Created, HttpStatusCode.OK);
        ledger.Campaigns[campaign.Id] = campaign;
        _published.Add(campaign);
        return campaign;
    }

    private async Task<Purchase?> JoinAsync(Campaign campaign)
    {
        // Nobody joins a campaign twice, though the campaign would let them: a join that took effect twice shows.
        var user = $"user-{name}{NextKey()}";
        var key = $"join-{user}";
        var answer = await edge.AskAsync(
            HttpMethod.Post,
            $"/v1/groups/{campaign.Id}/orders",
            new { userId = user },
            key
        );
        if (answer.Status == HttpStatusCode.Conflict)
        {
            if (answer.Code is "group.closed" or "group.full")
                campaign.IsOver = true;
            else
                ledger.Complain($"join of {campaign.Id} by {user}: {answer}");
            return null;
        }
        if (!ledger.Expect(answer, $"join of {campaign.Id} by {user}", HttpStatusCode.Created))
            return null;
        var purchase = new Purchase(answer.Body.GetProperty("orderId").GetString()!, campaign, user, key);
        if (!ledger.Purchases.TryAdd(purchase.OrderId, purchase))
            ledger.Complain($"{purchase.OrderId} was given to {user} and to another buyer");
        return purchase;
    }

    private async Task FollowAsync(Purchase purchase, Random dice)
    {
        switch (dice.Next(26))
        {
            case < 13:
                await (dice.Next(8) == 0 ? _till.PayTwiceAtOnceAsync(purchase) : _till.PayAsync(purchase));
                if (dice.Next(10) == 0)
                    purchase.RefundAcknowledged = await RequestRefundAsync(purchase);
                else if (dice.Next(15) == 0)
                    await _till.PayExcessAsync(purchase);
                else
                    _vouchersToCome.Enqueue(purchase);
                break;
            case < 15:
                await _till.PayAtProviderAsync(purchase, isRight: true, callback: false);
                break;
            case 15:
                await _till.PayAtProviderAsync(purchase, isRight: true, callback: true);
                _vouchersToCome.Enqueue(purchase);
                break;
            case 16:
                await _till.PayAtProviderAsync(purchase, isRight: false, callback: dice.Next(2) == 0);
                break;
            case 17:
                await _till.PayWronglyAsync(purchase);
                break;
            case < 20:
                _till.DecideToPayLate(purchase);
                break;
            case < 22:
                var cancelled = await edge.AskAsync(HttpMethod.Delete, $"/v1/orders/{purchase.OrderId}");
                purchase.CancelAcknowledged =
                    ledger.Expect(
                        cancelled,
                        $"cancelling {purchase.OrderId}",
                        HttpStatusCode.OK,
                        HttpStatusCode.Conflict
                    ) && cancelled.Succeeded;
                break;
        }
    }

    private async Task<bool> RequestRefundAsync(Purchase purchase)
    {
        var answer = await edge.AskAsync(
            HttpMethod.Post,
            $"/v1/orders/{purchase.OrderId}/refunds",
            new { reason = "changed my mind" },
            $"refund-{purchase.OrderId}"
        );
        return ledger.Expect(answer, $"refund of {purchase.OrderId}", HttpStatusCode.Accepted, HttpStatusCode.Conflict)
            && answer.Succeeded;
    }

    private async Task UseVoucherAsync(Random dice)
    {
        if (!_vouchersToCome.TryDequeue(out var purchase))
            return;
        var order = await edge.AskAsync(HttpMethod.Get, $"/v1/orders/{purchase.OrderId}");
        if (!ledger.Expect(order, $"reading {purchase.OrderId}", HttpStatusCode.OK))
            return;
        switch (order.Body.GetProperty("status").GetString())
        {
            case "PAID":
                _vouchersToCome.Enqueue(purchase);
                break;
            case "VOUCHER_ISSUED" when dice.Next(3) == 0:
                purchase.RefundAcknowledged = await RequestRefundAsync(purchase);
                break;
            case "VOUCHER_ISSUED" when dice.Next(3) != 0:
                var voucher = $"/v1/vouchers/{order.Body.GetProperty("voucherCode").GetString()}/redemption";
                var redeemed = await edge.AskAsync(HttpMethod.Post, voucher, key: $"redeem-{purchase.OrderId}");
                if (purchase.Campaign.VouchersEnd && redeemed.Code is "voucher.lapsed" or "voucher.refunded")
                    break;
                purchase.RedeemAcknowledged = ledger.Expect(
                    redeemed,
                    $"redeeming {purchase.OrderId}",
                    HttpStatusCode.OK
                );
                if (dice.Next(4) != 0)
                    break;
                var revoked = await edge.AskAsync(HttpMethod.Delete, voucher);
                // An unknown outcome asked again finds it revoked already.
                purchase.RevokeAcknowledged = ledger.Expect(
                    revoked,
                    $"revoking {purchase.OrderId}",
                    HttpStatusCode.OK,
                    HttpStatusCode.Conflict
                );
                break;
        }
    }

    private async Task EndAsync(Campaign campaign)
    {
        campaign.IsOver = true;
        // A success below its threshold cannot be ended early, and is withdrawn instead; both may have happened at a
        // try before.
        if (campaign.Plot == Plot.EndedEarly)
        {
            var ended = await edge.AskAsync(
                HttpMethod.Post,
                $"/v1/groups/{campaign.Id}/end-joining",
                key: $"end-{campaign.Id}"
            );
            if (
                ledger.Expect(ended, $"ending {campaign.Id}", HttpStatusCode.OK, HttpStatusCode.Conflict)
                && ended.Succeeded
            )
                return;
        }
        var withdrawn = await edge.AskAsync(HttpMethod.Delete, $"/v1/groups/{campaign.Id}");
        ledger.Expect(withdrawn, $"withdrawing {campaign.Id}", HttpStatusCode.OK, HttpStatusCode.Conflict);
    }

    private int NextKey() => Interlocked.Increment(ref _keys);
}
