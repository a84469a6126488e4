using GroupBuyActors.Groups;
using GroupBuyActors.Silo.Http;

namespace GroupBuyActors.Silo.Orders;

/// <summary>Reads a payment from a body: <c>{paymentId, amount, currency}</c>.</summary>
internal static class PaymentFields
{
    public static (string PaymentId, Money Amount) Read(JsonFields fields)
    {
        fields.Require("paymentId", "amount", "currency");
        var paymentId = fields.Text("paymentId");
        var amount = fields.Int64("amount");
        var currency = fields.Text("currency");
        if (paymentId is not null && !TextRules.IsPrintable(paymentId, 128))
            fields.Fault("paymentId", "The payment id must have 1 to 128 printable characters.");
        if (amount is < 1 or > Money.AmountMax)
            fields.Fault("amount", $"The amount must be between 1 and {Money.AmountMax} minor units.");
        if (currency is not null && !Currencies.IsKnown(currency))
            fields.Fault("currency", Currencies.Expected);
        return (paymentId ?? "", new Money(amount ?? 0, currency ?? ""));
    }
}
