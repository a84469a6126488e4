using System.Collections.Concurrent;
using System.Net;

namespace GroupBuyActors.Cluster.Load;

/// <summary>How a campaign is meant to go.</summary>
internal enum Plot
{
    /// <summary>Fills up and is fulfilled.</summary>
    Fills,

    /// <summary>Fills up, counting only who paid.</summary>
    FillsPaid,

    /// <summary>Never reaches its threshold, and times out.</summary>
    TimesOut,

    /// <summary>Is a success that the merchant ends early.</summary>
    EndedEarly,

    /// <summary>Is withdrawn by the merchant.</summary>
    Withdrawn,

    /// <summary>Fills up, and its vouchers soon end and are refunded.</summary>
    Lapses,

    /// <summary>Fills up, and its vouchers soon end and are forfeited.</summary>
    Forfeits,
}

/// <summary>A campaign that was published and acknowledged.</summary>
internal sealed class Campaign(string id, long merchant, string sku, Plot plot, int capacity, int perUserLimit)
{
    private int _orders;

    public string Id { get; } = id;
    public long Merchant { get; } = merchant;
    public string Sku { get; } = sku;
    public Plot Plot { get; } = plot;
    public int Capacity { get; } = capacity;
    public int PerUserLimit { get; } = perUserLimit;

    /// <summary>True where vouchers end while the load runs.</summary>
    public bool VouchersEnd => Plot is Plot.Lapses or Plot.Forfeits;

    /// <summary>True once a join found it closed or full, or its merchant ended it.</summary>
    public bool IsOver { get; set; }

    /// <summary>Counts one more acknowledged order.</summary>
    public int CountOrder() => Interlocked.Increment(ref _orders);
}

/// <summary>An order that was acknowledged to its buyer, and what else was acknowledged about it.</summary>
internal sealed class Purchase(string orderId, Campaign campaign, string userId, string key)
{
    public string OrderId { get; } = orderId;
    public Campaign Campaign { get; } = campaign;
    public string UserId { get; } = userId;

    /// <summary>The idempotency key of the join.</summary>
    public string Key { get; } = key;

    /// <summary>Payments that were acknowledged with 200 (taken) or 202 (taken to be refunded).</summary>
    public ConcurrentBag<(string PaymentId, int Status)> Payments { get; } = [];

    /// <summary>A payment that the provider took; the engine may not have been told of it.</summary>
    public string? PaidAtProvider { get; set; }

    /// <summary>Payments that were refused, the provider having denied them.</summary>
    public ConcurrentBag<string> Denied { get; } = [];
    public bool CancelAcknowledged { get; set; }
    public bool RefundAcknowledged { get; set; }
    public bool RedeemAcknowledged { get; set; }
    public bool RevokeAcknowledged { get; set; }
}

/// <summary>Everything that was acknowledged, and everything that should not have been answered.</summary>
internal sealed class Ledger
{
    public ConcurrentDictionary<string, Campaign> Campaigns { get; } = new();

    public ConcurrentDictionary<string, Purchase> Purchases { get; } = new();

    public ConcurrentQueue<string> Complaints { get; } = new();

    /// <summary>Acknowledged answers of any kind.</summary>
    public int Acknowledged => _acknowledged;

    private int _acknowledged;

    public void Acknowledge() => Interlocked.Increment(ref _acknowledged);

    /// <summary>
    /// True where the answer is one of those expected; what succeeded is acknowledged, anything else complained of.
    /// </summary>
    public bool Expect(Answer answer, string what, params HttpStatusCode[] expected)
    {
        if (expected.Contains(answer.Status))
        {
            if (answer.Succeeded)
                Acknowledge();
            return true;
        }
        Complain($"{what}: {answer}");
        return false;
    }

    /// <summary>Something that no client should ever see; kept to a number that can be read.</summary>
    public void Complain(string what)
    {
        if (Complaints.Count < 50)
            Complaints.Enqueue(what);
    }
}
