namespace GroupBuyActors.Client;

/// <summary>Stock of a sku in the sandbox inventory.</summary> <param name="Available">Available units.</param>
/// <param name="Reserved">Reserved units.</param> <param name="Deducted">Deducted units.</param>
public sealed record StockDocument(long Available, long Reserved, long Deducted);

/// <summary>A payment at the sandbox's provider.</summary>
/// <param name="PaymentId">1 to 128 printable characters.</param>
/// <param name="Amount">Minor units, positive.</param>
/// <param name="Currency">ISO 4217.</param> <param name="Callback">True (default): the provider notifies the group;
/// false: only a query finds the payment.</param>
public sealed record SandboxPaymentDocument(string PaymentId, long Amount, string Currency, bool? Callback = null);

/// <summary>The injected faults of a sandbox port.</summary>
/// <param name="FailRate">Share of calls that fail, 0 to 1.</param>
/// <param name="DelayMs">Milliseconds before each answer.</param> <param name="Permanent">True: failures are permanent,
/// so that a retry is useless.</param>
/// <param name="Sku">Only calls about this sku, or null for all.</param>
public sealed record FaultsDocument(double FailRate = 0, int DelayMs = 0, bool Permanent = false, string? Sku = null);

/// <summary>The calls that a port received with one key.</summary>
/// <param name="Key">The idempotency key.</param>
/// <param name="Operation">Such as <c>refund</c>.</param> <param name="Times">The number of calls.</param>
/// <param name="FirstAt">The time of the first call.</param> <param name="LastAt">The time of the last call.</param>
public sealed record CallDocument(
    string Key,
    string Operation,
    long Times,
    DateTimeOffset FirstAt,
    DateTimeOffset LastAt
);
