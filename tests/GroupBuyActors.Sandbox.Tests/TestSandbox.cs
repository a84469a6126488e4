using GroupBuyActors.Ports;
using GroupBuyActors.Sandbox.Books;
using GroupBuyActors.Store;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Tests;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Sandbox.Tests;

/// <summary>One silo's sandboxes.</summary>
internal sealed class TestSandbox : IAsyncDisposable
{
    public const string Sku = "tea";
    public static readonly GroupId Group = GroupId.Parse("10042.SH-PUDONG.tea-1123");
    public static readonly OrderId Order = new(Group, 1);
    public static readonly Money Price = new(1999, "CNY");

    private readonly ServiceProvider _services;

    private TestSandbox(ServiceProvider services) => _services = services;

    public SandboxControl Control => _services.GetRequiredService<SandboxControl>();

    /// <summary>The database of the store beside it.</summary>
    public Database Store => _services.GetRequiredService<Database>();

    public SandboxDatabase Database => _services.GetRequiredService<SandboxDatabase>();

    public IInventory Inventory => _services.GetRequiredService<IInventory>();

    public IPayments Payments => _services.GetRequiredService<IPayments>();

    public IPaymentBooks PaymentBooks => _services.GetRequiredService<IPaymentBooks>();

    public IStockBooks StockBooks => _services.GetRequiredService<IStockBooks>();

    public INotices Notices => _services.GetRequiredService<INotices>();

    public static async Task<TestSandbox> NewAsync(IDatabaseFixture databases, TimeProvider? time = null) =>
        await OpenAsync(databases.Provider, await databases.NewDatabaseAsync(), time);

    /// <summary>Opens the books of a database, as each silo does.</summary>
    public static async Task<TestSandbox> OpenAsync(StoreProvider provider, string database, TimeProvider? time = null)
    {
        var services = new ServiceCollection();
        if (time is not null)
            services.AddSingleton(time);
        services.AddGroupBuyStore(options => (options.Provider, options.ConnectionString) = (provider, database));
        services.AddGroupBuySandbox();
        var built = services.BuildServiceProvider();
        await built.GetRequiredService<IStoreHealth>().MigrateAsync(default);
        return new TestSandbox(built);
    }

    public async Task<PortAnswer> ReserveAsync(int attempt, int units, string sku = Sku) =>
        (await Inventory.ReserveAsync(new StockReservation(ReserveKey(attempt), Group, sku, units), default)).Answer;

    public async Task<PortAnswer> DeductAsync(int cause, int units, int attempt = 1) =>
        (
            await Inventory.DeductAsync(
                new StockDeduction(DeductKey(cause), ReserveKey(attempt), Group, Sku, units),
                default
            )
        ).Answer;

    public async Task<PortAnswer> ReleaseAsync(
        int cause,
        int units = 0,
        int returned = 0,
        int attempt = 1,
        bool undo = false,
        params int[] undoDeductions
    ) =>
        (
            await Inventory.ReleaseAsync(
                new StockRelease($"release:{Group}:{cause}", ReserveKey(attempt), Group, Sku, units, returned)
                {
                    UndoReservation = undo,
                    UndoDeductions = undoDeductions.Select(DeductKey).ToList(),
                },
                default
            )
        ).Answer;

    public Task<SandboxStock> StockAsync() => Control.GetStockAsync(Group.MerchantId, Sku, default);

    public Task<SandboxStock> SetStockAsync(long available) =>
        Control.SetStockAsync(Group.MerchantId, Sku, available, null, null, default);

    public async Task<SandboxCall?> CallAsync(SandboxPort port, string key) =>
        (await Control.CallsAsync(port, key, null, 10, default)).Items.SingleOrDefault();

    public static string ReserveKey(int attempt) => $"reserve:{Group}:{attempt}";

    public static string DeductKey(int cause) => $"deduct:{Group}:{cause}";

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
