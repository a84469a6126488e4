using System.Text.Json.Serialization;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Integrations.Payments;

internal sealed record RefundDocument(string OrderId, string PaymentId, long Amount, string Currency);

internal sealed record HeldPaymentsDocument(
    IReadOnlyList<HeldPaymentItem?> Items,
    [property: JsonPropertyName("givenBack")] IReadOnlyList<string?>? Refunded = null
);

internal sealed record HeldPaymentItem(string PaymentId, long Amount, string Currency);

internal sealed record PaymentBookDocument(IReadOnlyList<PaymentBookItem?> Items, string? Next = null);

internal sealed record PaymentBookItem(string OrderId, string PaymentId, long Amount, string Currency, bool Refunded);

/// <summary>Checks payments of a provider.</summary>
internal static class ProviderMoney
{
    /// <summary>True for a valid payment id, by the same rule as for payments that are reported to an order.</summary>
    public static bool IsId(string paymentId) => TextRules.IsPrintable(paymentId, 128);

    /// <summary>True for a valid payment id with a valid amount and currency.</summary>
    public static bool Is(string paymentId, long amount, string currency) =>
        IsId(paymentId) && amount is > 0 and <= Money.AmountMax && Money.IsCurrency(currency);
}
