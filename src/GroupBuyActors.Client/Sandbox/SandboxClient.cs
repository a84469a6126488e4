namespace GroupBuyActors.Client;

/// <summary>
/// Calls the sandbox, which answers for inventory, payments and notices if no real service is configured; otherwise
/// calls get 404.
/// </summary>
public sealed class SandboxClient
{
    private readonly Transport _transport;

    internal SandboxClient(Transport transport) => _transport = transport;

    /// <summary>Sets the stock of a sku.</summary>
    public Task<StockDocument> SetStockAsync(
        long merchantId,
        string sku,
        StockDocument stock,
        CancellationToken cancellation = default
    ) => _transport.SendAsync<StockDocument>(HttpMethod.Put, Stock(merchantId, sku), stock, cancellation);

    /// <summary>The stock of a sku; 1,000,000 units if it was never set.</summary>
    public Task<StockDocument> GetStockAsync(long merchantId, string sku, CancellationToken cancellation = default) =>
        _transport.SendAsync<StockDocument>(HttpMethod.Get, Stock(merchantId, sku), null, cancellation);

    /// <summary>
    /// Pays an order at the sandbox's provider, which notifies the group unless
    /// <see cref="SandboxPaymentDocument.Callback"/> is false.
    /// </summary>
    public Task<SandboxPaymentDocument> PayAsync(
        OrderId order,
        SandboxPaymentDocument payment,
        CancellationToken cancellation = default
    ) =>
        _transport.SendAsync<SandboxPaymentDocument>(
            HttpMethod.Post,
            $"v1/sandbox/payments/{order}",
            payment,
            cancellation,
            asksPort: true
        );

    /// <summary>Sets the injected faults of a port (<c>inventory, payments, notices</c>).</summary>
    public Task<FaultsDocument> SetFaultsAsync(
        string port,
        FaultsDocument faults,
        CancellationToken cancellation = default
    ) => _transport.SendAsync<FaultsDocument>(HttpMethod.Put, $"v1/sandbox/faults/{port}", faults, cancellation);

    /// <summary>The calls that a port received; <paramref name="key"/>: only those with this key.</summary>
    public Task<PageDocument<CallDocument>> CallsAsync(
        string port,
        string? key = null,
        CancellationToken cancellation = default
    ) =>
        _transport.SendAsync<PageDocument<CallDocument>>(
            HttpMethod.Get,
            Paths.Query($"v1/sandbox/calls/{port}", ("key", key)),
            null,
            cancellation
        );

    private static string Stock(long merchantId, string sku) =>
        $"v1/sandbox/inventory/{Paths.Number(merchantId)}/{Uri.EscapeDataString(sku)}";
}
