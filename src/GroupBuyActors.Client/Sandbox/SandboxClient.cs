namespace GroupBuyActors.Client;

/// <summary>
/// The sandbox that stands in for inventory, payments and notices where no real service is set; 404 where they are.
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

    /// <summary>The stock of a sku; one never set has 1,000,000.</summary>
    public Task<StockDocument> GetStockAsync(long merchantId, string sku, CancellationToken cancellation = default) =>
        _transport.SendAsync<StockDocument>(HttpMethod.Get, Stock(merchantId, sku), null, cancellation);

    /// <summary>
    /// The buyer pays at the provider, which tells the group unless <see cref="SandboxPaymentDocument.Callback"/> is
    /// false.
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

    /// <summary>Makes a port (<c>inventory, payments, notices</c>) misbehave.</summary>
    public Task<FaultsDocument> SetFaultsAsync(
        string port,
        FaultsDocument faults,
        CancellationToken cancellation = default
    ) => _transport.SendAsync<FaultsDocument>(HttpMethod.Put, $"v1/sandbox/faults/{port}", faults, cancellation);

    /// <summary>What a port was asked; <paramref name="key"/>: only under this key.</summary>
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
