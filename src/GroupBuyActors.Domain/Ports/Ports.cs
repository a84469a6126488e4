namespace GroupBuyActors.Ports;

/// <summary>
/// How a port answered. <c>Unavailable</c>: no answer in time, or a temporary fault; trying again with the same key is
/// safe and useful.
/// </summary>
public enum PortAnswer
{
    /// <summary>Done, now or at an earlier call with the same key.</summary>
    Done,

    /// <summary>Refused for good: trying again is useless.</summary>
    Refused,

    /// <summary>Not known: try again with the same key.</summary>
    Unavailable,
}

/// <summary>What a port answered, with its words.</summary>
public readonly record struct PortReply(PortAnswer Answer, string? Detail = null)
{
    /// <summary>Done.</summary>
    public static PortReply Done { get; } = new(PortAnswer.Done);
}

/// <summary>
/// The inventory service. Contract: every call carries a key; a repeat has no second effect and gets the first answer,
/// two calls at once with one key are one; a release is a tombstone: what it undoes, arriving later, has no effect.
/// Calls never throw when the service fails: that is <see cref="PortAnswer.Unavailable"/>.
/// </summary>
public interface IInventory
{
    /// <summary>Reserves units of a sku for a group. Key <c>reserve:{groupId}:{attempt}</c>.</summary>
    Task<PortReply> ReserveAsync(StockReservation reservation, CancellationToken cancellation);

    /// <summary>Turns reserved units into sold ones. Key <c>deduct:{groupId}:{cause}</c>.</summary>
    Task<PortReply> DeductAsync(StockDeduction deduction, CancellationToken cancellation);

    /// <summary>Releases what <see cref="StockRelease"/> lists. Key <c>release:{groupId}:{cause}</c>.</summary>
    Task<PortReply> ReleaseAsync(StockRelease release, CancellationToken cancellation);
}

/// <summary>Units of a sku to reserved.</summary>
public sealed record StockReservation(string Key, GroupId Group, string Sku, int Units);

/// <summary>Units of a reservation to deduct.</summary>
public sealed record StockDeduction(string Key, string ReservationKey, GroupId Group, string Sku, int Units);

/// <summary>
/// Stock to release, in this order: the reservation itself where <see cref="UndoReservation"/> (whether or not it
/// ever arrived: it becomes a tombstone, everything reserved under it and not deducted goes back); each deduction named
/// in <see cref="UndoDeductions"/> (a tombstone; where it had arrived, its units are reserved again); then
/// <see cref="Units"/> reserved ones and <see cref="Returned"/> deducted ones become available.
/// </summary>
public sealed record StockRelease(string Key, string ReservationKey, GroupId Group, string Sku, int Units, int Returned)
{
    /// <summary>True where the reservation as a whole is undone (an abandoned publication).</summary>
    public bool UndoReservation { get; init; }

    /// <summary>Keys of deductions that must have no effect.</summary>
    public IReadOnlyList<string> UndoDeductions { get; init; } = [];
}

/// <summary>Money that the provider holds for an order.</summary>
public sealed record ProviderPayment(string PaymentId, Money Amount);

/// <summary>
/// What the provider reports for an order; <see cref="Payments"/> is empty where it holds nothing, and meaningless
/// unless Done.
/// </summary>
public sealed record PaymentFindings(PortAnswer Answer, IReadOnlyList<ProviderPayment> Payments, string? Detail = null)
{
    /// <summary>
    /// Ids of payments of this order that the provider has already refunded; empty from a provider that cannot tell.
    /// </summary>
    public IReadOnlyList<string> Refunded { get; init; } = [];
}

/// <summary>The payment provider. Same contract as <see cref="IInventory"/>.</summary>
public interface IPayments
{
    /// <summary>Asks what was paid for an order; changes nothing.</summary>
    Task<PaymentFindings> QueryAsync(OrderId order, CancellationToken cancellation);

    /// <summary>
    /// Refunds a payment in full. Key <c>refund:{orderId}:{paymentId}</c>. Done means that the money is on its way
    /// for good; a provider that has only taken the order to do so is <see cref="PortAnswer.Unavailable"/>, and
    /// <see cref="PaymentFindings.Refunded"/> tells later.
    /// </summary>
    Task<PortReply> RefundAsync(
        string key,
        OrderId order,
        string paymentId,
        Money amount,
        CancellationToken cancellation
    );
}

/// <summary>The notice service (push, text, mail). Same contract as <see cref="IInventory"/>.</summary>
public interface INotices
{
    /// <summary>Hands a notice to a buyer. Key <c>notice:{orderId}:{kind}</c>.</summary>
    Task<PortReply> SendAsync(string key, OrderId order, string userId, string kind, CancellationToken cancellation);
}
