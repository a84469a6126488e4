using GroupBuyActors.Ports;
using GroupBuyActors.Reading;
using GroupBuyActors.Sandbox.Books;
using GroupBuyActors.Sandbox.Faults;
using GroupBuyActors.Store.Retention;

namespace GroupBuyActors.Sandbox;

/// <summary>Operations for operators and tests of the sandbox: set stock, pay, inject faults, list calls.</summary>
internal sealed class SandboxControl
{
    private readonly SandboxDatabase _database;
    private readonly SandboxBooks _books;
    private readonly SandboxFaults _faults;
    private readonly OldCalls _oldCalls;

    internal SandboxControl(SandboxDatabase database, SandboxBooks books, SandboxFaults faults, OldCalls oldCalls)
    {
        _database = database;
        _books = books;
        _faults = faults;
        _oldCalls = oldCalls;
    }

    /// <summary>
    /// Brings the tables of the sandbox up to date, so that a start reports their faults. Call it after the store's
    /// migration; several silos may call it at the same time.
    /// </summary>
    public Task MigrateAsync(CancellationToken cancellation) => _database.ReadyAsync().WaitAsync(cancellation);

    /// <summary>A sku's units.</summary>
    public Task<SandboxStock> GetStockAsync(long merchantId, string sku, CancellationToken cancellation) =>
        _books.StockAsync(merchantId, sku, cancellation);

    /// <summary>Sets a sku's units; reserved and deducted are not changed if they are null.</summary>
    public Task<SandboxStock> SetStockAsync(
        long merchantId,
        string sku,
        long available,
        long? reserved,
        long? deducted,
        CancellationToken cancellation
    ) => _books.SetStockAsync(merchantId, sku, available, reserved, deducted, cancellation);

    /// <summary>
    /// Pays an order at the provider. The caller must report the payment to the order; otherwise only a query finds it.
    /// Repeated with the same amount it changes nothing; false if the payment exists with another amount.
    /// </summary>
    public Task<bool> PayAsync(OrderId order, ProviderPayment payment, CancellationToken cancellation) =>
        _books.PayAsync(order, payment, cancellation);

    /// <summary>Sets the injected faults of a port; in force on every silo when it returns.</summary>
    public Task SetFaultAsync(SandboxPort port, SandboxFault fault, CancellationToken cancellation) =>
        _faults.SetAsync(port, fault, cancellation);

    /// <summary>The calls that a port received, by key, or those with one key. Includes failed calls.</summary>
    public Task<Page<SandboxCall>> CallsAsync(
        SandboxPort port,
        string? key,
        string? after,
        int limit,
        CancellationToken cancellation
    ) => _books.CallsAsync(port, key, after, limit, cancellation);

    /// <summary>
    /// Removes counted calls that were last made before a time, one page in order of keys per call: each call continues
    /// where the previous one ended.
    /// </summary>
    public Task<PurgeStep> RemoveCallsAsync(DateTimeOffset before, int limit, CancellationToken cancellation) =>
        _oldCalls.RemoveAsync(before, limit, cancellation);
}
