namespace GroupBuyActors.Ports;

/// <summary>
/// How a port answered.
/// </summary>
public enum PortAnswer
{
    /// <summary>Done, now or by an earlier call with the same key.</summary>
    Done,

    /// <summary>Refused permanently: trying again is useless.</summary>
    Refused,

    /// <summary>
    /// No usable answer in time, or a temporary failure: whether it was done is not known. Trying again with the same
    /// key is safe and useful.
    /// </summary>
    Unavailable,
}

/// <summary>What a port answered, with its explanation.</summary>
public readonly record struct PortReply(PortAnswer Answer, string? Detail = null)
{
    public static PortReply Done { get; } = new(PortAnswer.Done);
}

/// <summary>
/// The inventory service. Contract: every call has a key; a repeat has no second effect and gets the first answer, and
/// two calls at the same time with one key have one effect; a release is a tombstone: calls that it undoes have no
/// effect if they arrive later. Calls never throw when the service fails: that is <see cref="PortAnswer.Unavailable"/>.
/// </summary>
public interface IInventory
{
    /// <summary>Reserves units of a sku for a group. Key <c>reserve:{groupId}:{attempt}</c>.</summary>
    Task<PortReply> ReserveAsync(StockReservation reservation, CancellationToken cancellation);

    /// <summary>Turns reserved units into sold units. Key <c>deduct:{groupId}:{cause}</c>.</summary>
    Task<PortReply> DeductAsync(StockDeduction deduction, CancellationToken cancellation);

    /// <summary>
    /// Releases the units listed in the <see cref="StockRelease"/>. Key <c>release:{groupId}:{cause}</c>.
    /// </summary>
    Task<PortReply> ReleaseAsync(StockRelease release, CancellationToken cancellation);
}

/// <summary>Units of a sku to reserve.</summary>
public sealed record StockReservation(string Key, GroupId Group, string Sku, int Units);

/// <summary>Units of a reservation to deduct.</summary>
public sealed record StockDeduction(string Key, string ReservationKey, GroupId Group, string Sku, int Units);

/// <summary>
/// Stock to release, in this order: the reservation itself if <see cref="UndoReservation"/> (whether or not it ever
/// arrived: it becomes a tombstone, and all units reserved by it and not deducted become available); each deduction in
/// <see cref="UndoDeductions"/> (it becomes a tombstone; if it had arrived, its units are reserved again); then
/// <see cref="Units"/> reserved units and <see cref="Returned"/> deducted units become available.
/// </summary>
public sealed record StockRelease(string Key, string ReservationKey, GroupId Group, string Sku, int Units, int Returned)
{
    /// <summary>True if the reservation as a whole is undone (an abandoned publication).</summary>
    public bool UndoReservation { get; init; }

    /// <summary>The keys of deductions that must have no effect.</summary>
    public IReadOnlyList<string> UndoDeductions { get; init; } = [];
}

/// <summary>A payment that the provider holds for an order.</summary>
public sealed record ProviderPayment(string PaymentId, Money Amount);

/// <summary>
/// What the provider reports for an order. <see cref="Payments"/> is empty if it holds nothing, and has no meaning
/// unless <see cref="Answer"/> is Done.
/// </summary>
public sealed record PaymentFindings(PortAnswer Answer, IReadOnlyList<ProviderPayment> Payments, string? Detail = null)
{
    /// <summary>
    /// The ids of payments of this order that the provider has already refunded; empty if the provider does not report
    /// them.
    /// </summary>
    public IReadOnlyList<string> Refunded { get; init; } = [];
}

/// <summary>The payment provider. Its contract is that of <see cref="IInventory"/>.</summary>
public interface IPayments
{
    /// <summary>Asks which payments were made for an order; changes nothing.</summary>
    Task<PaymentFindings> QueryAsync(OrderId order, CancellationToken cancellation);

    /// <summary>
    /// Refunds a payment in full. Key <c>refund:{orderId}:{paymentId}</c>. Done means that the refund is final. If the
    /// provider has only accepted the request, the answer is <see cref="PortAnswer.Unavailable"/>, and
    /// <see cref="PaymentFindings.Refunded"/> contains the payment later.
    /// </summary>
    Task<PortReply> RefundAsync(
        string key,
        OrderId order,
        string paymentId,
        Money amount,
        CancellationToken cancellation
    );
}

/// <summary>The notice service (push, text, mail). Its contract is that of <see cref="IInventory"/>.</summary>
public interface INotices
{
    /// <summary>Sends a notice to a buyer. Key <c>notice:{orderId}:{kind}</c>.</summary>
    Task<PortReply> SendAsync(string key, OrderId order, string userId, string kind, CancellationToken cancellation);
}
