using GroupBuyActors.Groups;
using GroupBuyActors.Silo.Http;

namespace GroupBuyActors.Silo.Groups;

/// <summary>
/// Reads the terms of a publication from JSON: types here, rules in <see cref="TermsRules"/>, all faulty fields in one
/// answer.
/// </summary>
internal static class TermsReader
{
    // Values in place of faulty fields, so that the rules can check the others; never used, because a fault was added.
    private const string AnyText = "x";
    private static readonly Money AnyPrice = new(1, "CNY");

    public static GroupTermsRequest Read(JsonFields fields, FieldErrors errors)
    {
        fields.Require("title", "sku", "unitPrice");
        var termsRequest = new GroupTermsRequest
        {
            Title = fields.Text("title") ?? AnyText,
            Sku = fields.Text("sku") ?? AnyText,
            UnitPrice = ReadMoney(fields.Object("unitPrice")) ?? AnyPrice,
            MinGroupSize = fields.Int32("minGroupSize"),
            Capacity = fields.Int32("capacity"),
            PerUserLimit = fields.Int32("perUserLimit"),
            ShelfAt = fields.Instant("shelfAt"),
            OpenDelay = fields.Duration("openDelay"),
            Timeout = fields.Duration("timeout"),
            PaymentWindow = fields.Duration("paymentWindow"),
            VoucherValidity = fields.Duration("voucherValidity"),
            RevokeWindow = fields.Duration("revokeWindow"),
            LapsePolicy = fields.Choice<LapsePolicy>("lapsePolicy"),
            CountBy = fields.Choice<CountBy>("countBy"),
        };
        errors.AddRest(TermsRules.Check(termsRequest));
        return termsRequest;
    }

    private static Money? ReadMoney(JsonFields? fields)
    {
        if (fields is null)
            return null;
        fields.Require("amount", "currency");
        return new Money(fields.Int64("amount") ?? AnyPrice.Amount, fields.Text("currency") ?? AnyPrice.Currency);
    }
}
