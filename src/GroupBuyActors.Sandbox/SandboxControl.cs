using GroupBuyActors.Ports;
using GroupBuyActors.Reading;
using GroupBuyActors.Sandbox.Books;
using GroupBuyActors.Sandbox.Faults;
using GroupBuyActors.Store.Retention;

namespace GroupBuyActors.Sandbox;

/// <summary>
/// What operators and tests do with the sandboxes of the ports: set stock, pay, make them misbehave, see what they were
/// asked.
/// </summary>
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
    /// Brings the tables of the sandbox up to date, so that a start reports what is wrong with them. Call it after the
    /// store's migration; several silos may at once.
    /// </summary>
    public Task MigrateAsync(CancellationToken cancellation) => _database.ReadyAsync().WaitAsync(cancellation);

    /// <summary>A sku's units.</summary>
    public Task<SandboxStock> GetStockAsync(long merchantId, string sku, CancellationToken cancellation) =>
        _books.StockAsync(merchantId, sku, cancellation);

    /// <summary>Sets a sku's units; reserved and deducted stay where they are null.</summary>
    public Task<SandboxStock> SetStockAsync(
        long merchantId,
        string sku,
        long available,
        long? reserved,
        long? deducted,
        CancellationToken cancellation
    ) => _books.SetStockAsync(merchantId, sku, available, reserved, deducted, cancellation);

    /// <summary>
    /// A buyer pays at the provider. Telling the order of it is the caller's part; where nobody does, only asking finds
    /// it. Again with the same amount changes nothing; false where this payment is there with another amount.
    /// </summary>
    public Task<bool> PayAsync(OrderId order, ProviderPayment payment, CancellationToken cancellation) =>
        _books.PayAsync(order, payment, cancellation);

    /// <summary>Makes a port misbehave; in force on every silo when it returns.</summary>
    public Task SetFaultAsync(SandboxPort port, SandboxFault fault, CancellationToken cancellation) =>
        _faults.SetAsync(port, fault, cancellation);

    /// <summary>What a port was asked, by key; of one key where one is given. Calls that failed count.</summary>
    public Task<Page<SandboxCall>> CallsAsync(
        SandboxPort port,
        string? key,
        string? after,
        int limit,
        CancellationToken cancellation
    ) => _books.CallsAsync(port, key, after, limit, cancellation);

    /// <summary>
    /// Removes calls that were last made before, a page of them in the order of their keys at a time: each call goes on
    /// where the one before ended, and is done at the end.
    /// </summary>
    public Task<PurgeStep> RemoveCallsAsync(DateTimeOffset before, int limit, CancellationToken cancellation) =>
        _oldCalls.RemoveAsync(before, limit, cancellation);
}
