using GroupBuyActors.Ports;

namespace GroupBuyActors.Groups;

/// <summary>
/// A command to a group: first those of clients, then those that timed tasks deliver.
/// </summary>
internal abstract record GroupCommand
{
    /// <summary>
    /// Publishes a group, or repeats the publication with the same content. <see cref="Reserved"/> follows.
    /// </summary>
    public sealed record Publish(GroupTermsRequest Offer, RequestKey? Request = null) : GroupCommand;

    /// <summary>
    /// Inventory's answer to the reservation of an attempt, with the request of its publication.
    /// </summary>
    public sealed record Reserved(int Attempt, PortReply Reply, RequestKey? Request = null) : GroupCommand;

    public sealed record Withdraw(RequestKey? Request = null) : GroupCommand;

    public sealed record EndJoining(RequestKey? Request) : GroupCommand;

    public sealed record Join(JoinGroup Command) : GroupCommand;

    public sealed record Cancel(int Order, RequestKey? Request = null) : GroupCommand;

    /// <summary>
    /// A payment result. <paramref name="Findings"/> is what the provider reports about it; null before it is asked.
    /// </summary>
    public sealed record Pay(PayOrder Command, PaymentFindings? Findings = null) : GroupCommand;

    /// <summary>A buyer requests a refund.</summary>
    public sealed record Refund(RequestRefund Command) : GroupCommand;

    public sealed record Redeem(VoucherCode Code, RequestKey? Request) : GroupCommand;

    public sealed record Revoke(VoucherCode Code, RequestKey? Request = null) : GroupCommand;

    /// <summary>
    /// Applies everything that is due: a passed deadline, lapsed vouchers, a pending fan-out. Changes nothing if
    /// nothing is due.
    /// </summary>
    public sealed record Settle(RequestKey? Request = null) : GroupCommand;

    /// <summary>
    /// The payment window of an order is over and the provider was asked (<see cref="PortAnswer.Unavailable"/> if its
    /// retries are used up).
    /// </summary>
    public sealed record CloseUnpaid(int Order, PaymentFindings Findings) : GroupCommand;

    /// <summary>The provider answered about an order that was closed unpaid.</summary>
    public sealed record PaymentChecked(int Order, PaymentFindings Findings) : GroupCommand;

    /// <summary>Inventory answered a deduction: Done, or Refused (permanently, or its tries are used up).</summary>
    public sealed record Deducted(int Cause, PortReply Reply) : GroupCommand;

    /// <summary>Inventory confirmed a release.</summary>
    public sealed record Released(int Cause) : GroupCommand;

    /// <summary>The provider confirmed a refund.</summary>
    public sealed record Refunded(int Order, string PaymentId, bool Excess) : GroupCommand;

    /// <summary>The guard of a publication attempt fired: an attempt that is still open is abandoned.</summary>
    public sealed record PublicationGuard(int Attempt) : GroupCommand;

    /// <summary>The daily scan: vouchers whose validity is over lapse.</summary>
    public sealed record LapseVouchers : GroupCommand;
}
