using GroupBuyActors.Ports;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Store.Sandbox;

namespace GroupBuyActors.Integrations.Sandbox;

/// <inheritdoc/>
internal sealed class SandboxDesk(ISandboxBooks books, SandboxFaults faults) : ISandbox
{
    public Task<SandboxStock> GetStockAsync(long merchantId, string sku, CancellationToken cancellation) =>
        books.StockAsync(merchantId, sku, cancellation);

    public Task<SandboxStock> SetStockAsync(
        long merchantId,
        string sku,
        long available,
        long? reserved,
        long? deducted,
        CancellationToken cancellation
    ) => books.SetStockAsync(merchantId, sku, available, reserved, deducted, cancellation);

    public Task<bool> PayAsync(OrderId order, ProviderPayment payment, CancellationToken cancellation) =>
        books.PayAsync(order, payment, cancellation);

    public Task<SandboxFault> GetFaultAsync(SandboxPort port, CancellationToken cancellation) =>
        books.FaultAsync(port, cancellation);

    public Task SetFaultAsync(SandboxPort port, SandboxFault fault, CancellationToken cancellation) =>
        faults.SetAsync(port, fault, cancellation);

    public Task<Page<SandboxCall>> CallsAsync(
        SandboxPort port,
        string? key,
        string? after,
        int limit,
        CancellationToken cancellation
    ) => books.CallsAsync(port, key, after, limit, cancellation);
}
