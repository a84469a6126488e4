using System.Runtime.InteropServices;
using System.Security.Cryptography;
using GroupBuyActors.Activations;
using GroupBuyActors.Events;

namespace GroupBuyActors.Groups;

/// <summary>
/// Redeeming vouchers and revoking redemptions. Validity is checked here, so redeeming does not depend on the daily
/// scan.
/// </summary>
internal static class VoucherRules
{
    private static readonly Outcome.Refused<Refusal> s_notFound = Decision.Refused(
        RefusalCode.VoucherNotFound,
        "The voucher does not exist."
    );

    public static Decision Decide(GroupState state, GroupCommand.Redeem redeem, DateTimeOffset now)
    {
        if (Find(state, redeem.Code) is not { } order)
            return NotFound(state, redeem.Code);
        return order.Status switch
        {
            OrderStatus.VoucherIssued when now < order.VoucherValidUntil => Decision.OfOrder(
                order.Number,
                ReplyOutcome.Done,
                new VoucherRedeemed { OrderId = new OrderId(state.Id, order.Number) }
            ),
            OrderStatus.Redeemed => Decision.Refuse(RefusalCode.VoucherRedeemed, "The voucher was already redeemed."),
            // A lapsed voucher may be refunded by policy; the answer to its holder stays the same.
            OrderStatus.Refunding or OrderStatus.Refunded when order.RefundReason != RefundReason.VoucherLapsed =>
                Decision.Refuse(RefusalCode.VoucherRefunded, "The voucher was refunded."),
            _ => Decision.Refuse(RefusalCode.VoucherLapsed, "The voucher is no longer valid."),
        };
    }

    public static Decision Decide(GroupState state, GroupCommand.Revoke revoke, DateTimeOffset now)
    {
        if (Find(state, revoke.Code) is not { } order)
            return NotFound(state, revoke.Code);
        if (order.Status != OrderStatus.Redeemed || now >= order.RedeemedAt + state.RequireTerms().RevokeWindow)
            return Decision.Refuse(
                RefusalCode.VoucherNotRevocable,
                "A redemption can be revoked only within the group's revoke window."
            );
        var id = new OrderId(state.Id, order.Number);
        var revoked = new VoucherRedemptionRevoked { OrderId = id };
        if (now < order.VoucherValidUntil)
            return Decision.OfOrder(order.Number, ReplyOutcome.Done, revoked);
        var (lapsed, refund) = FanOut.Lapse(state, id, order);
        return refund is null
            ? Decision.OfOrder(order.Number, ReplyOutcome.Done, revoked, lapsed)
            : Decision.OfOrder(order.Number, ReplyOutcome.Done, revoked, lapsed, refund);
    }

    private static Order? Find(GroupState state, VoucherCode code) =>
        code.Order.Group == state.Id
        && state.Orders.Find(code.Order.Number) is { VoucherSecret: { } secret } order
        && CryptographicOperations.FixedTimeEquals(
            MemoryMarshal.AsBytes(secret.AsSpan()),
            MemoryMarshal.AsBytes(code.Secret.AsSpan())
        )
            ? order
            : null;

    private static Decision NotFound(GroupState state, VoucherCode code) =>
        new() { Instead = IsUnknown(state, code) ? new Outcome.Unknown(s_notFound) : s_notFound };

    private static bool IsUnknown(GroupState state, VoucherCode code) =>
        code.Order.Group == state.Id && state.Orders.Find(code.Order.Number) is null;
}
