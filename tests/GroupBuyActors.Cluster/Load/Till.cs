using System.Collections.Concurrent;
using System.Net;

namespace GroupBuyActors.Cluster.Load;

/// <summary>
/// Paying in every way people do: rightly, twice at once, too much, too little, late, or at the provider with or
/// without a word to the engine. Money that the provider took is never paid a second time elsewhere, so that only
/// asking the provider can find it.
/// </summary>
internal sealed class Till(Edge edge, Ledger ledger)
{
    public const long Price = 6_800;
    public const string Currency = "CNY";
    private const long Wrong = 100;

    /// <summary>Well beyond the payment window of every campaign.</summary>
    private static readonly TimeSpan Lateness = TimeSpan.FromSeconds(2);
    private readonly ConcurrentQueue<(Purchase Purchase, long DecidedAt)> _late = new();

    /// <summary>The usual way.</summary>
    public Task PayAsync(Purchase purchase) => TellAsync(purchase, $"pay-{purchase.OrderId}", "1");

    /// <summary>The same payment told twice at the same time, as providers do: both hear the same.</summary>
    public async Task PayTwiceAtOnceAsync(Purchase purchase)
    {
        var paymentId = $"pay-{purchase.OrderId}";
        var told = await Task.WhenAll(TellAsync(purchase, paymentId, "1"), TellAsync(purchase, paymentId, "2"));
        if (told[0].Status != told[1].Status)
            ledger.Complain($"payment {paymentId} told twice was answered {told[0]} and {told[1]}");
    }

    /// <summary>Another payment of an order that is paid: it is taken, and goes back.</summary>
    public Task PayExcessAsync(Purchase purchase) => TellAsync(purchase, $"twice-{purchase.OrderId}", "1");

    /// <summary>
    /// An amount that the provider has never seen is refused; on an order closed meanwhile any money is taken and goes
    /// back.
    /// </summary>
    public async Task PayWronglyAsync(Purchase purchase)
    {
        var paymentId = $"wrong-{purchase.OrderId}";
        var answer = await PostAsync(purchase, paymentId, Price - Wrong, $"key-{paymentId}");
        if (answer.Code == "payment.amount_mismatch")
            purchase.Denied.Add(paymentId);
        else if (ledger.Expect(answer, $"payment {paymentId}", HttpStatusCode.Accepted))
            purchase.Payments.Add((paymentId, (int)answer.Status));
    }

    /// <summary>At the provider; a wrong amount goes back, by word of the provider or when it is asked.</summary>
    public async Task PayAtProviderAsync(Purchase purchase, bool isRight, bool callback)
    {
        purchase.PaidAtProvider = $"provider-{purchase.OrderId}";
        var paid = await edge.AskAsync(
            HttpMethod.Post,
            $"/v1/sandbox/payments/{purchase.OrderId}",
            new
            {
                paymentId = purchase.PaidAtProvider,
                amount = isRight ? Price : Price + Wrong,
                currency = Currency,
                callback,
            },
            $"left-{purchase.OrderId}"
        );
        ledger.Expect(paid, $"payment of {purchase.OrderId} at the provider", HttpStatusCode.Accepted);
    }

    /// <summary>This buyer will pay when it is too late.</summary>
    public void DecideToPayLate(Purchase purchase) => _late.Enqueue((purchase, TimeProvider.System.GetTimestamp()));

    /// <summary>Pays for the next of these for whom it is too late by now.</summary>
    public async Task PayLateAsync()
    {
        if (
            !_late.TryPeek(out var next)
            || TimeProvider.System.GetElapsedTime(next.DecidedAt) < Lateness
            || !_late.TryDequeue(out next)
        )
            return;
        await TellAsync(next.Purchase, $"late-{next.Purchase.OrderId}", "1");
    }

    private async Task<Answer> TellAsync(Purchase purchase, string paymentId, string key)
    {
        var answer = await PostAsync(purchase, paymentId, Price, $"key-{key}-{paymentId}");
        if (ledger.Expect(answer, $"payment {paymentId}", HttpStatusCode.OK, HttpStatusCode.Accepted))
            purchase.Payments.Add((paymentId, (int)answer.Status));
        return answer;
    }

    private Task<Answer> PostAsync(Purchase purchase, string paymentId, long amount, string key) =>
        edge.AskAsync(
            HttpMethod.Post,
            $"/v1/orders/{purchase.OrderId}/payments",
            new
            {
                paymentId,
                amount,
                currency = Currency,
            },
            key
        );
}
