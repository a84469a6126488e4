using System.Data.Common;
using GroupBuyActors.Ports;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Sandbox.Books;

internal sealed partial class SandboxBooks
{
    private static readonly string[] SkuColumns = ["merchant_id", "sku"],
        EntryKey = ["call_key"];

    /// <summary>Reserves units.</summary>
    public Task<PortReply> ReserveAsync(StockReservation reservation, CancellationToken cancellation) =>
        _moves.CallAsync(new ReserveMove(reservation, NowMs())).WaitAsync(cancellation);

    /// <summary>Turns reserved units into deducted ones.</summary>
    public Task<PortReply> DeductAsync(StockDeduction deduction, CancellationToken cancellation) =>
        _moves.CallAsync(new DeductMove(deduction, NowMs())).WaitAsync(cancellation);

    /// <summary>Releases at most the existing units, and stores tombstones for the calls that it undoes.</summary>
    public Task<PortReply> ReleaseAsync(StockRelease release, CancellationToken cancellation) =>
        _moves.CallAsync(new ReleaseMove(release, NowMs())).WaitAsync(cancellation);

    /// <summary>A sku's units.</summary>
    public async Task<SandboxStock> StockAsync(long merchantId, string sku, CancellationToken cancellation)
    {
        var database = await _books.ReadyAsync().ConfigureAwait(false);
        var rows = await database
            .ReadAsync(
                (session, ct) => session.ListAsync(SelectStock([new SkuKey(merchantId, sku)]), StockRow, ct),
                cancellation
            )
            .ConfigureAwait(false);
        return rows.Count == 0 ? new SandboxStock(SandboxStock.NeverSet, 0, 0) : rows[0].Stock;
    }

    /// <summary>Sets a sku's units; reserved and deducted are not changed if they are null.</summary>
    public async Task<SandboxStock> SetStockAsync(
        long merchantId,
        string sku,
        long available,
        long? reserved,
        long? deducted,
        CancellationToken cancellation
    )
    {
        var database = await _books.ReadyAsync().ConfigureAwait(false);
        SkuKey[] key = [new(merchantId, sku)];
        SqlText read = $"{InsertStock(key)}; {SelectStock(key)}{_books.Dialect.ForUpdate}";
        return await database
            .ExchangeAsync(
                read,
                async (reader, ct) =>
                {
                    var before = (await RowsAsync(reader, StockRow, ct).ConfigureAwait(false)).Single().Stock;
                    var after = new SandboxStock(available, reserved ?? before.Reserved, deducted ?? before.Deducted);
                    return (PutStock([new(key[0], after)]), after);
                },
                cancellation
            )
            .ConfigureAwait(false);
    }

    /// <summary>
    /// Locks and reads the rows of several calls, applies the rules, and writes the changes, in one transaction.
    /// </summary>
    private async Task<IReadOnlyList<PortReply>> MoveAsync(IReadOnlyList<StockMove> moves)
    {
        var database = await _books.ReadyAsync().ConfigureAwait(false);
        return await database
            .ExchangeAsync(
                Lock(moves),
                async (reader, ct) =>
                {
                    var rows = await ReadRowsAsync(reader, ct).ConfigureAwait(false);
                    var replies = moves.Select(rows.Make).ToList();
                    return (Changes(rows), (IReadOnlyList<PortReply>)replies);
                },
                CancellationToken.None
            )
            .ConfigureAwait(false);
    }

    private SqlText Lock(IReadOnlyList<StockMove> moves)
    {
        var statements = new List<SqlText> { Count([.. moves.Select(move => move.Counted).Order()]) };
        SkuKey[] needed = [.. moves.Where(move => move.NeedsStock).Select(move => move.SkuKey).Distinct().Order()];
        if (needed.Length > 0)
            statements.Add(InsertStock(needed));
        statements.Add(
            $"{SelectStock([.. moves.Select(move => move.SkuKey).Distinct().Order()])}{_books.Dialect.ForUpdate}"
        );
        statements.Add(
            $"""
            select call_key, state, units, reserved, deducted from sandbox_reservation
              where call_key in ({SqlText.Values(moves.Select(move => move.ReservationKey).Distinct())})
            """
        );
        statements.Add(
            $"""
            select call_key, reservation_key, state, units from sandbox_deduction
              where call_key in
              ({SqlText.Values(moves.SelectMany(move => move.DeductionKeys).Distinct().Prepend(""))})
            """
        );
        statements.Add(
            $"""
            select call_key from sandbox_release where call_key in
              ({SqlText.Values(moves.OfType<ReleaseMove>().Select(move => move.Key).Distinct().Prepend(""))})
            """
        );
        return SqlText.Join("; ", statements);
    }

    private async Task<StockRows> ReadRowsAsync(DbDataReader reader, CancellationToken cancellation)
    {
        var stocks = await RowsAsync(reader, StockRow, cancellation).ConfigureAwait(false);
        var reservations = await RowsAsync(reader, ReservationRow, cancellation).ConfigureAwait(false);
        var deductions = await RowsAsync(reader, DeductionRow, cancellation).ConfigureAwait(false);
        var released = await RowsAsync(reader, row => row.GetString(0), cancellation).ConfigureAwait(false);
        return new StockRows(stocks, reservations, deductions, released);
    }

    // Inserts missing rows without locking existing ones.
    private SqlText InsertStock(IEnumerable<SkuKey> keys)
    {
        var missing = SqlText.Join("\nunion all ", keys.Select(MissingStock));
        return new SqlText().Append(
            $"""
            {_books.Dialect.InsertIgnore} into sandbox_stock (merchant_id, sku, available, reserved, deducted)
              {missing}
            """
        );
    }

    private SqlText MissingStock(SkuKey key) =>
        new SqlText().Append(
            $"""
            select {key.MerchantId}, {Stored(key)}, {SandboxStock.NeverSet}, 0, 0 {_books.Dialect.FromDual}
              where not exists (select 1 from sandbox_stock where {Matches(key)})
            """
        );

    private SqlText SelectStock(IEnumerable<SkuKey> keys)
    {
        var requested = SqlText.Join(" or ", keys.Select(Matches));
        return new SqlText().Append(
            $"""
            select merchant_id, sku, available, reserved, deducted from sandbox_stock
              where {requested}
              order by merchant_id, sku
            """
        );
    }

    private SqlText Matches(SkuKey key) =>
        new SqlText().Append($"merchant_id = {key.MerchantId} and sku = {Stored(key)}");

    private SqlText Changes(StockRows rows)
    {
        var changes = new List<SqlText>();
        if (rows.ChangedStocks.Count > 0)
            changes.Add(PutStock(rows.ChangedStocks.OrderBy(row => row.Key)));
        if (rows.ChangedReservations.Count > 0)
        {
            var values = rows
                .ChangedReservations.Values.OrderBy(row => row.Entry.Key, StringComparer.Ordinal)
                .Select(row =>
                    new SqlText().Append(
                        $"({row.Entry.Key}, {row.Sku.MerchantId}, {Stored(row.Sku)}, {(int)row.Entry.State}, "
                            + $"{row.Entry.Units}, {row.Entry.Reserved}, {row.Entry.Deducted})"
                    )
                );
            changes.Add(
                $"""
                insert into sandbox_reservation (call_key, merchant_id, sku, state, units, reserved,
                  deducted) values
                  {SqlText.Join(", ", values)}{OrElsePut(EntryKey, "state", "units", "reserved", "deducted")}
                """
            );
        }

        if (rows.ChangedDeductions.Count > 0)
        {
            var values = rows
                .ChangedDeductions.Values.OrderBy(entry => entry.Key, StringComparer.Ordinal)
                .Select(entry =>
                    new SqlText().Append($"({entry.Key}, {entry.ReservationKey}, {(int)entry.State}, {entry.Units})")
                );
            changes.Add(
                $"""
                insert into sandbox_deduction (call_key, reservation_key, state, units)
                  values {SqlText.Join(", ", values)}{OrElsePut(EntryKey, "reservation_key", "state", "units")}
                """
            );
        }

        if (rows.Releases.Count > 0)
        {
            var values = rows
                .Releases.OrderBy(release => release.Key, StringComparer.Ordinal)
                .Select(release =>
                    new SqlText().Append($"({release.Key}, {release.Value.Units}, {release.Value.Returned})")
                );
            changes.Add($"insert into sandbox_release (call_key, units, returned) values {SqlText.Join(", ", values)}");
        }

        return SqlText.Join("; ", changes);
    }

    private SqlText PutStock(IEnumerable<KeyValuePair<SkuKey, SandboxStock>> rows)
    {
        var values = rows.Select(row =>
            new SqlText().Append(
                $"({row.Key.MerchantId}, {Stored(row.Key)}, {row.Value.Available}, {row.Value.Reserved}, "
                    + $"{row.Value.Deducted})"
            )
        );
        return new SqlText().Append(
            $"""
            insert into sandbox_stock (merchant_id, sku, available, reserved, deducted)
              values {SqlText.Join(", ", values)}{OrElsePut(SkuColumns, "available", "reserved", "deducted")}
            """
        );
    }

    private Raw OrElsePut(IReadOnlyList<string> key, params IEnumerable<string> columns) =>
        _books.Dialect.OrElseSet(
            key,
            string.Join(", ", columns.Select(column => $"{column} = {_books.Dialect.Proposed(column).Text}"))
        );

    private string Stored(SkuKey key) => _books.Dialect.ToKey(key.Sku);

    private (SkuKey Key, SandboxStock Stock) StockRow(DbDataReader row) =>
        (
            new SkuKey(row.GetInt64(0), _books.Dialect.FromKey(row.GetString(1))),
            new SandboxStock(row.GetInt64(2), row.GetInt64(3), row.GetInt64(4))
        );

    private static ReservationEntry ReservationRow(DbDataReader row) =>
        new(row.GetString(0), (EntryState)row.GetInt32(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4));

    private static DeductionEntry DeductionRow(DbDataReader row) =>
        new(row.GetString(0), row.GetString(1), (EntryState)row.GetInt32(2), row.GetInt64(3));
}
