namespace GroupBuyActors.Client;

/// <summary>Stock of a sku in the sandbox inventory.</summary>
/// <param name="Available">Free units.</param>
/// <param name="Reserved">Reserved.</param>
/// <param name="Deducted">Sold.</param>
public sealed record StockDocument(long Available, long Reserved, long Deducted);

/// <summary>The buyer pays at the sandbox's provider.</summary>
/// <param name="PaymentId">1 to 128 printable characters.</param>
/// <param name="Amount">Minor units, positive.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Callback">True (default): the provider tells the group; false: only asking will find it.</param>
public sealed record SandboxPaymentDocument(string PaymentId, long Amount, string Currency, bool? Callback = null);

/// <summary>How a sandbox port misbehaves.</summary>
/// <param name="FailRate">Share of calls that fail, 0 to 1.</param>
/// <param name="DelayMs">Milliseconds before each answer.</param>
/// <param name="Permanent">True: the port says that trying again is useless.</param>
/// <param name="Sku">Only calls about this sku, or null for all.</param>
public sealed record FaultsDocument(double FailRate = 0, int DelayMs = 0, bool Permanent = false, string? Sku = null);

/// <summary>What a port was asked under one key.</summary>
/// <param name="Key">The idempotency key.</param>
/// <param name="Operation">Such as <c>refund</c>.</param>
/// <param name="Times">How often.</param>
/// <param name="FirstAt">First.</param>
/// <param name="LastAt">Last.</param>
public sealed record CallDocument(
    string Key,
    string Operation,
    long Times,
    DateTimeOffset FirstAt,
    DateTimeOffset LastAt
);
