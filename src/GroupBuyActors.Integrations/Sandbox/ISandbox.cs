using GroupBuyActors.Ports;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Store.Sandbox;

namespace GroupBuyActors.Integrations.Sandbox;

/// <summary>
/// What operators and tests do with the sandboxes of the ports: set stock, pay, make them misbehave, see what they were
/// asked.
/// </summary>
public interface ISandbox
{
    /// <summary>A sku's units.</summary>
    Task<SandboxStock> GetStockAsync(long merchantId, string sku, CancellationToken cancellation);

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
    /// A buyer pays at the provider. Telling the order of it is the caller's part; where nobody does, only asking finds
    /// it. Again with the same amount changes nothing; false where this payment is there with another amount.
    /// </summary>
    Task<bool> PayAsync(OrderId order, ProviderPayment payment, CancellationToken cancellation);

    /// <summary>How a port misbehaves.</summary>
    Task<SandboxFault> GetFaultAsync(SandboxPort port, CancellationToken cancellation);

    /// <summary>Makes a port misbehave; in force on every silo when it returns.</summary>
    Task SetFaultAsync(SandboxPort port, SandboxFault fault, CancellationToken cancellation);

    /// <summary>What a port was asked, by key; of one key where one is given. Calls that failed count.</summary>
    Task<Page<SandboxCall>> CallsAsync(
        SandboxPort port,
        string? key,
        string? after,
        int limit,
        CancellationToken cancellation
    );
}
