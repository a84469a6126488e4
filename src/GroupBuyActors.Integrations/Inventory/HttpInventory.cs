using GroupBuyActors.Groups;
using GroupBuyActors.Integrations.Http;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Integrations.Inventory;

/// <summary>
/// The adapter of the inventory service; its contract is <c>deploy/contracts/inventory.openapi.yaml</c>.
/// </summary>
internal sealed class HttpInventory(HttpPort port) : IInventory, IStockBooks
{
    private const int SkuLengthMax = 64;

    /// <summary>
    /// Far more than a group's seats, and small enough that sums of a group's entries cannot overflow.
    /// </summary>
    private const long UnitsMax = 1_000_000_000_000;

    private static readonly HttpPortCall Reserve =
            new("reserve", "reservations", "stock.insufficient", "sku.unknown", "reservation.undone"),
        Deduct =
            new(
                "deduct",
                "deductions",
                "stock.insufficient",
                "reservation.unknown",
                "reservation.undone",
                "deduction.undone"
            ),
        // Stock can always be released: a refusal is never final.
        Release = new("release", "releases"),
        Books = new("stock_books", "books");

    public Task<PortReply> ReserveAsync(StockReservation reservation, CancellationToken cancellation) =>
        port.SendAsync(
            Reserve,
            reservation.Key,
            new ReservationDocument(
                reservation.Group.ToString(),
                reservation.Group.MerchantId,
                reservation.Sku,
                reservation.Units
            ),
            InventoryJson.Default.ReservationDocument,
            cancellation
        );

    public Task<PortReply> DeductAsync(StockDeduction deduction, CancellationToken cancellation) =>
        port.SendAsync(
            Deduct,
            deduction.Key,
            new DeductionDocument(
                deduction.Group.ToString(),
                deduction.Group.MerchantId,
                deduction.Sku,
                deduction.ReservationKey,
                deduction.Units
            ),
            InventoryJson.Default.DeductionDocument,
            cancellation
        );

    public Task<PortReply> ReleaseAsync(StockRelease release, CancellationToken cancellation) =>
        port.SendAsync(
            Release,
            release.Key,
            new ReleaseDocument(
                release.Group.ToString(),
                release.Group.MerchantId,
                release.Sku,
                release.ReservationKey,
                release.UndoReservation,
                release.UndoDeductions,
                release.Units,
                release.Returned
            ),
            InventoryJson.Default.ReleaseDocument,
            cancellation
        );

    public Task<BookPage<StockBookEntry>> ReadAsync(
        long merchantId,
        string? after,
        int limit,
        CancellationToken cancellation
    ) =>
        HttpBooks.ReadAsync(
            port,
            Books,
            InventoryJson.Default.StockBookDocument,
            merchantId,
            after,
            limit,
            book => (book.Items, book.Next),
            item => EntryOf(item, merchantId),
            cancellation
        );

    private static StockBookEntry? EntryOf(StockBookItem item, long merchantId) =>
        GroupId.TryParse(item.GroupId, out var group)
        && group.MerchantId == merchantId
        && TextRules.IsPrintable(item.Sku, SkuLengthMax)
        && item is { Reserved: >= 0 and <= UnitsMax, Deducted: >= 0 and <= UnitsMax }
            ? new StockBookEntry(group, item.Sku, item.Reserved, item.Deducted)
            : null;
}
