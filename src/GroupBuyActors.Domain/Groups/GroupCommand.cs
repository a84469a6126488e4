using GroupBuyActors.Ports;

namespace GroupBuyActors.Groups;

/// <summary>
/// A command to a group: first those of clients, then answers of ports, delivered by timed tasks.
/// </summary>
internal abstract record GroupCommand
{
    /// <summary>Publish, or publish again with the same content. Follow-ups: <see cref="Reserved"/>.</summary>
    public sealed record Publish(GroupTermsRequest Offer, RequestKey? Request = null) : GroupCommand;

    /// <summary>
    /// Inventory's answer to the reservation of an attempt, and the request of the publication that asked for it.
    /// </summary>
    public sealed record Reserved(int Attempt, PortReply Reply, RequestKey? Request = null) : GroupCommand;

    /// <summary>The merchant withdraws.</summary>
    public sealed record Withdraw(RequestKey? Request = null) : GroupCommand;

    /// <summary>The merchant ends joining early.</summary>
    public sealed record EndJoining(RequestKey? Request) : GroupCommand;

    /// <summary>A buyer joins.</summary>
    public sealed record Join(JoinGroup Command) : GroupCommand;

    /// <summary>A buyer cancels.</summary>
    public sealed record Cancel(int Order, RequestKey? Request = null) : GroupCommand;

    /// <summary>
    /// A payment result; <paramref name="Findings"/>: what the provider said of it, null where it was not asked yet.
    /// </summary>
    public sealed record Pay(PayOrder Command, PaymentFindings? Findings = null) : GroupCommand;

    /// <summary>A buyer wants the money back.</summary>
    public sealed record Refund(RequestRefund Command) : GroupCommand;

    /// <summary>A voucher is redeemed.</summary>
    public sealed record Redeem(VoucherCode Code, RequestKey? Request) : GroupCommand;

    /// <summary>A redemption is revoked.</summary>
    public sealed record Revoke(VoucherCode Code, RequestKey? Request = null) : GroupCommand;

    /// <summary>
    /// Apply whatever is due: a passed deadline, lapsed vouchers, fan-out still open. Changes nothing where
    /// nothing is due.
    /// </summary>
    public sealed record Settle(RequestKey? Request = null) : GroupCommand;

    /// <summary>
    /// The payment window of an order is over and the provider was asked (<see cref="PortAnswer.Unavailable"/>: retries
    /// used up).
    /// </summary>
    public sealed record CloseUnpaid(int Order, PaymentFindings Findings) : GroupCommand;

    /// <summary>The provider answered about an order closed unpaid.</summary>
    public sealed record PaymentChecked(int Order, PaymentFindings Findings) : GroupCommand;

    /// <summary>Inventory answered a deduction: Done, or Refused (for good, or tries used up).</summary>
    public sealed record Deducted(int Cause, PortReply Reply) : GroupCommand;

    /// <summary>Inventory gave stock back.</summary>
    public sealed record Released(int Cause) : GroupCommand;

    /// <summary>A payment is back with its buyer.</summary>
    public sealed record Refunded(int Order, string PaymentId, bool Excess) : GroupCommand;

    /// <summary>The guard of a publication attempt fired: an attempt still open is abandoned.</summary>
    public sealed record PublicationGuard(int Attempt) : GroupCommand;

    /// <summary>The daily scan: vouchers whose validity is over end.</summary>
    public sealed record LapseVouchers : GroupCommand;
}
