using GroupBuyActors.Ports;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Store.Sandbox;

/// <summary>A port that has a sandbox.</summary>
public enum SandboxPort
{
    /// <summary>Stock.</summary>
    Inventory = 1,

    /// <summary>The payment provider.</summary>
    Payments = 2,

    /// <summary>Notices to buyers.</summary>
    Notices = 3,
}

/// <summary>A sku's units. What is not available, reserved or deducted was never there.</summary>
public sealed record SandboxStock(long Available, long Reserved, long Deducted)
{
    /// <summary>Units of a sku that nobody has set.</summary>
    public const long NeverSet = 1_000_000;

    /// <summary>
    /// Units that a sku's stock is set to at most: what moves between its parts cannot overflow them.
    /// </summary>
    public const long UnitsMax = 1_000_000_000_000;
}

/// <summary>How a port misbehaves.</summary>
/// <param name="FailRate">Share of calls that fail, 0 to 1.</param>
/// <param name="Delay">How long every call takes before it does or fails.</param>
/// <param name="Permanent">True: a failing call says that trying again is useless; false: it says nothing.</param>
/// <param name="Sku">Only calls about this sku; null all.</param>
public sealed record SandboxFault(double FailRate, TimeSpan Delay, bool Permanent, string? Sku)
{
    /// <summary>No fault.</summary>
    public static SandboxFault None { get; } = new(0, TimeSpan.Zero, false, null);
}

/// <summary>What a port was asked, by key and operation; refused and failed calls count.</summary>
public sealed record SandboxCall(
    string Key,
    string Operation,
    long Times,
    DateTimeOffset FirstAt,
    DateTimeOffset LastAt
);

/// <summary>
/// The durable books behind the sandboxes of the ports, shared by all silos. Each call is one short transaction that
/// also counts the call. They keep the ports' contract: a key's effect happens once and its answer stays, two calls at
/// once with one key are one, and what a release undoes never has an effect, whichever comes first.
/// </summary>
public interface ISandboxBooks
{
    /// <summary>Sets units aside.</summary>
    Task<PortReply> ReserveAsync(StockReservation reservation, CancellationToken cancellation);

    /// <summary>Turns reserved units into deducted ones.</summary>
    Task<PortReply> DeductAsync(StockDeduction deduction, CancellationToken cancellation);

    /// <summary>Gives units back, and buries what it undoes. Gives back at most what is there.</summary>
    Task<PortReply> ReleaseAsync(StockRelease release, CancellationToken cancellation);

    /// <summary>Payments the provider holds for an order; refunded ones are no longer held.</summary>
    Task<PaymentFindings> AskAsync(OrderId order, CancellationToken cancellation);

    /// <summary>
    /// Gives a payment back, whole and once. A payment that the provider never saw (its result was told to the order
    /// directly) is taken as paid there first; one it holds with another amount is refused.
    /// </summary>
    Task<PortReply> RefundAsync(
        string key,
        OrderId order,
        string paymentId,
        Money amount,
        CancellationToken cancellation
    );

    /// <summary>Takes a notice.</summary>
    Task<PortReply> NotifyAsync(string key, CancellationToken cancellation);

    /// <summary>Counts a call that fails before it has any effect.</summary>
    Task CountAsync(SandboxPort port, string key, string operation, CancellationToken cancellation);

    /// <summary>A sku's units.</summary>
    Task<SandboxStock> StockAsync(long merchantId, string sku, CancellationToken cancellation);

    /// <summary>Sets a sku's units; reserved and deducted stay where they are null.</summary>
    Task<SandboxStock> SetStockAsync(
        long merchantId,
        string sku,
        long available,
        long? reserved,
        long? deducted,
        CancellationToken cancellation
    );

    /// <summary>
    /// A buyer pays at the provider. Again with the same amount changes nothing; false where this payment is there with
    /// another.
    /// </summary>
    Task<bool> PayAsync(OrderId order, ProviderPayment payment, CancellationToken cancellation);

    /// <summary>
    /// A merchant's payments, given back or not, in the order of <see cref="IPaymentBooks"/>. A mark that is none
    /// throws <see cref="FormatException"/>.
    /// </summary>
    Task<Page<PaymentBookEntry>> PaymentBookAsync(
        long merchantId,
        string? after,
        int limit,
        CancellationToken cancellation
    );

    /// <summary>
    /// The stock of a merchant's groups, in the order of <see cref="IStockBooks"/>. A mark that is none throws
    /// <see cref="FormatException"/>.
    /// </summary>
    Task<Page<StockBookEntry>> StockBookAsync(
        long merchantId,
        string? after,
        int limit,
        CancellationToken cancellation
    );

    /// <summary>How a port misbehaves now.</summary>
    Task<SandboxFault> FaultAsync(SandboxPort port, CancellationToken cancellation);

    /// <summary>Sets how a port misbehaves; durable when it returns.</summary>
    Task SetFaultAsync(SandboxPort port, SandboxFault fault, CancellationToken cancellation);

    /// <summary>Calls of a port, by key; of one key where one is given.</summary>
    Task<Page<SandboxCall>> CallsAsync(
        SandboxPort port,
        string? key,
        string? after,
        int limit,
        CancellationToken cancellation
    );
}
