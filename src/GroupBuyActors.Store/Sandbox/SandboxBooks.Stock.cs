using System.Data.Common;
using GroupBuyActors.Ports;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Sandbox;

internal sealed partial class SandboxBooks
{
    public Task<PortReply> ReserveAsync(StockReservation reservation, CancellationToken cancellation) =>
        MoveStockAsync(reservation.Key, "reserve", reservation.Group, reservation.Sku, reservation.Key, [], book => (book.Reserve(reservation), null), cancellation);

    public Task<PortReply> DeductAsync(StockDeduction deduction, CancellationToken cancellation) =>
        MoveStockAsync(deduction.Key, "deduct", deduction.Group, deduction.Sku, deduction.ReservationKey, [deduction.Key], book => (book.Deduct(deduction), null), cancellation);

    public Task<PortReply> ReleaseAsync(StockRelease release, CancellationToken cancellation) =>
        MoveStockAsync(release.Key, "release", release.Group, release.Sku, release.ReservationKey, release.UndoDeductions, book =>
        {
            var (units, returned) = book.Release(release);
            return (PortReply.Done, $"insert into sandbox_release (call_key, units, returned) values ({release.Key}, {units}, {returned})");
        }, cancellation);

    public async Task<SandboxStock> StockAsync(long merchantId, string sku, CancellationToken cancellation)
    {
        var database = await _books.ReadyAsync().ConfigureAwait(false);
        var rows = await database.ReadAsync((session, ct) => session.ListAsync(
            $"select available, reserved, deducted from sandbox_stock where merchant_id = {merchantId} and sku = {sku}", StockRow, ct), cancellation).ConfigureAwait(false);
        return rows.Count == 0 ? new SandboxStock(SandboxStock.NeverSet, 0, 0) : rows[0];
    }

    public async Task<SandboxStock> SetStockAsync(long merchantId, string sku, long available, long? reserved, long? deducted, CancellationToken cancellation)
    {
        var database = await _books.ReadyAsync().ConfigureAwait(false);
        return await database.ExchangeAsync(LockStock(merchantId, sku), async (reader, ct) =>
        {
            var before = (await RowsAsync(reader, StockRow, ct).ConfigureAwait(false)).Single();
            var after = new SandboxStock(available, reserved ?? before.Reserved, deducted ?? before.Deducted);
            return (UpdateStock(merchantId, sku, after), after);
        }, cancellation).ConfigureAwait(false);
    }

    /// <summary>Lets the rules loose on the rows of one sku and writes what they changed.</summary>
    private async Task<PortReply> MoveStockAsync(
        string key, string operation, GroupId group, string sku, string reservationKey, IReadOnlyList<string> deductionKeys,
        Func<StockBook, (PortReply Reply, SqlText? Record)> move, CancellationToken cancellation)
    {
        var database = await _books.ReadyAsync().ConfigureAwait(false);
        SqlText read = $"{Count(SandboxPort.Inventory, key, operation)}; {LockStock(group.MerchantId, sku)}; {ReadEntries(key, reservationKey, deductionKeys)}";
        return await database.ExchangeAsync(read, async (reader, ct) =>
        {
            var stock = (await RowsAsync(reader, StockRow, ct).ConfigureAwait(false)).Single();
            var released = (await RowsAsync(reader, row => row.GetString(0), ct).ConfigureAwait(false)).Count > 0;
            var reservation = (await RowsAsync(reader, ReservationRow, ct).ConfigureAwait(false)).SingleOrDefault();
            var deductions = await RowsAsync(reader, DeductionRow, ct).ConfigureAwait(false);
            if (released) return (new SqlText(), PortReply.Done);
            var book = new StockBook(stock, reservation, deductions);
            var (reply, record) = move(book);
            return (Changes(group.MerchantId, sku, stock, reservation, book, record), reply);
        }, cancellation).ConfigureAwait(false);
    }

    // The first statement makes the row without locking one that is there; the second locks it for the transaction.
    private SqlText LockStock(long merchantId, string sku) => new SqlText().Append($"""
        {_books.Dialect.InsertIgnore} into sandbox_stock (merchant_id, sku, available, reserved, deducted)
          select {merchantId}, {sku}, {SandboxStock.NeverSet}, 0, 0 {_books.Dialect.FromNothing}
           where not exists (select 1 from sandbox_stock where merchant_id = {merchantId} and sku = {sku});
        select available, reserved, deducted from sandbox_stock where merchant_id = {merchantId} and sku = {sku}{_books.Dialect.ForUpdate}
        """);

    private static SqlText ReadEntries(string key, string reservationKey, IReadOnlyList<string> deductionKeys) => new SqlText().Append($"""
        select call_key from sandbox_release where call_key = {key};
        select call_key, state, units, reserved, deducted from sandbox_reservation where call_key = {reservationKey};
        select call_key, reservation_key, state, units from sandbox_deduction where call_key in ({SqlText.Values(deductionKeys.Prepend(""))})
        """);

    private static SqlText Changes(long merchantId, string sku, SandboxStock stock, ReservationEntry? reservation, StockBook book, SqlText? record)
    {
        var changes = new List<SqlText>();
        if (book.Stock != stock) changes.Add(UpdateStock(merchantId, sku, book.Stock));
        if (book.Reservation is { } r && r != reservation)
            changes.Add($"replace into sandbox_reservation (call_key, merchant_id, sku, state, units, reserved, deducted) values ({r.Key}, {merchantId}, {sku}, {(int)r.State}, {r.Units}, {r.Reserved}, {r.Deducted})");
        foreach (var d in book.Changed.Values)
            changes.Add($"replace into sandbox_deduction (call_key, reservation_key, state, units) values ({d.Key}, {d.ReservationKey}, {(int)d.State}, {d.Units})");
        if (record is not null) changes.Add(record);
        return SqlText.Join("; ", changes);
    }

    private static SqlText UpdateStock(long merchantId, string sku, SandboxStock stock) => new SqlText().Append(
        $"update sandbox_stock set available = {stock.Available}, reserved = {stock.Reserved}, deducted = {stock.Deducted} where merchant_id = {merchantId} and sku = {sku}");

    private static SandboxStock StockRow(DbDataReader row) => new(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2));

    private static ReservationEntry ReservationRow(DbDataReader row) =>
        new(row.GetString(0), (EntryState)row.GetInt32(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4));

    private static DeductionEntry DeductionRow(DbDataReader row) => new(row.GetString(0), row.GetString(1), (EntryState)row.GetInt32(2), row.GetInt64(3));
}
