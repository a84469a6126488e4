using System.Text;
using GroupBuyActors.Groups;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Store.Projections;

/// <summary>
/// Writes rows of lists and books in statements of many rows, sorted by key so that two writers lock in the same order.
/// A row is overwritten only by a greater sequence, so repeated and late changes have no effect. A group's terms are a
/// separate row, written once, because a group's counts are written very often.
/// </summary>
internal sealed class ProjectionWriter(Database database) : IProjections
{
    /// <summary>
    /// Changes in one transaction: bounds the packet (a row has about 250 bytes) and how long rows, or SQLite's file,
    /// stay locked.
    /// </summary>
    private const int ChangesMax = 1_000;

    private const string GroupColumns =
        "group_id, sequence, merchant_id, region, shard, published_ms, state, reason, updated_ms, "
        + "settles_by_ms, fulfilled_ms, "
        + "vouchers_until_ms, buyers, buyers_paid, seats_taken, seats_paid, reserved, outstanding, deducted, released";

    private static readonly string[] GroupKey = ["group_id"];
    private static readonly string[] GroupChanges =
    [
        "state",
        "reason",
        "updated_ms",
        "settles_by_ms",
        "fulfilled_ms",
        "vouchers_until_ms",
        "buyers",
        "buyers_paid",
        "seats_taken",
        "seats_paid",
        "reserved",
        "outstanding",
        "deducted",
        "released",
    ];

    private static readonly string[] PaymentKey = ["order_id", "payment_id"];
    private static readonly string[] PaymentColumns = ["merchant_id", "currency", "amount", "state", "settles_ms"];

    private readonly Raw _groupTail = database.Dialect.OverwriteOlder(GroupKey, "sequence", GroupChanges);
    private readonly Raw _paymentTail = database.Dialect.OverwriteOlder(PaymentKey, "sequence", PaymentColumns);

    public async Task WriteAsync(IReadOnlyCollection<ProjectionChange> changes, CancellationToken cancellation)
    {
        // A group's changes stay together and in one transaction with its payments, so that the books agree.
        foreach (var part in Parts(changes))
        {
            var groups = GroupRows(part);
            var terms = part.Where(change => change.Row is { WithTerms: true })
                .DistinctBy(change => change.Group)
                .ToList();
            var payments = PaymentRows(part).ToList();
            if (groups.Count + payments.Count == 0)
                continue;
            await database
                .WriteAsync(
                    async (session, ct) =>
                    {
                        foreach (var rows in terms.Chunk(database.Dialect.RowsPerInsert))
                            await session.ExecuteAsync(InsertTerms(rows), ct).ConfigureAwait(false);
                        foreach (var rows in groups.Chunk(database.Dialect.RowsPerInsert))
                            await session.ExecuteAsync(UpsertGroups(rows), ct).ConfigureAwait(false);
                        foreach (var rows in payments.Chunk(database.Dialect.RowsPerInsert))
                            await session.ExecuteAsync(UpsertPayments(rows), ct).ConfigureAwait(false);
                        return 0;
                    },
                    cancellation
                )
                .ConfigureAwait(false);
        }
    }

    private static IEnumerable<IReadOnlyList<ProjectionChange>> Parts(IEnumerable<ProjectionChange> changes)
    {
        var part = new List<ProjectionChange>();
        foreach (
            var change in changes
                .OrderBy(change => change.Group.Value, StringComparer.Ordinal)
                .ThenBy(change => change.Sequence)
        )
        {
            if (part.Count >= ChangesMax && part[^1].Group != change.Group)
            {
                yield return part;
                part = [];
            }

            part.Add(change);
        }

        if (part.Count > 0)
            yield return part;
    }

    private static List<(long Sequence, GroupRow Row)> GroupRows(IEnumerable<ProjectionChange> changes) =>
        changes
            .Where(change => change.Row is not null)
            .GroupBy(change => change.Group)
            .Select(group => group.MaxBy(change => change.Sequence)!)
            .Select(change => (change.Sequence, change.Row!))
            .ToList();

    private static IEnumerable<(long Sequence, PaymentEntry Entry)> PaymentRows(
        IEnumerable<ProjectionChange> changes
    ) =>
        changes
            .SelectMany(change => change.Payments.Select(entry => (change.Sequence, Entry: entry)))
            .GroupBy(row => (Order: row.Entry.Order.ToString(), row.Entry.PaymentId))
            .OrderBy(group => group.Key.Order, StringComparer.Ordinal)
            .ThenBy(group => group.Key.PaymentId, StringComparer.Ordinal)
            // Of two entries of one commit the later one is kept.
            .Select(group => group.Aggregate((newest, row) => row.Sequence >= newest.Sequence ? row : newest));

    private SqlText InsertTerms(IEnumerable<ProjectionChange> changes) =>
        new SqlText()
            .Append($"{database.Dialect.InsertIgnore} into group_terms (group_id, terms) values ")
            .Append(
                SqlText.Join(
                    ", ",
                    changes.Select(change => (SqlText)$"({change.Group}, {StoredTerms.Write(change.Row!.View.Terms)})")
                )
            );

    private SqlText UpsertGroups(IEnumerable<(long Sequence, GroupRow Row)> rows)
    {
        var sql = new SqlText().Append($"insert into group_view ({new Raw(GroupColumns)}) values ");
        var separator = "";
        foreach (var (sequence, row) in rows)
        {
            sql.AppendLiteral(separator);
            AppendValues(sql, sequence, row);
            separator = ", ";
        }

        sql.AppendFormatted(_groupTail);
        return sql;
    }

    private SqlText UpsertPayments(IEnumerable<(long Sequence, PaymentEntry Entry)> rows) =>
        new SqlText()
            .Append(
                $"""
                insert into payment_book (order_id, payment_id, sequence,
                  {new Raw(string.Join(", ", PaymentColumns))}) values
                """
            )
            .Append(SqlText.Join(", ", rows.Select(row => Values(row.Sequence, row.Entry))))
            .Append($"{_paymentTail}");

    /// <summary>
    /// Appends without parameters, because this runs for every change of a group, many times a second.
    /// </summary>
    private static void AppendValues(SqlText sql, long sequence, GroupRow row)
    {
        var (view, stock, id) = (row.View, row.Stock, row.View.GroupId);
        sql.AppendLiteral("(");
        sql.AppendFormatted(id);
        Number(sequence);
        Number(id.MerchantId);
        sql.AppendLiteral(", '");
        sql.AppendLiteral(id.Region);
        sql.AppendLiteral("'");
        Number(id.Shard.Index);
        Number(row.PublishedAt.ToUnixTimeMilliseconds());
        sql.AppendLiteral(", ");
        sql.AppendFormatted(StoredNames.Literal(view.State));
        sql.AppendLiteral(", ");
        sql.AppendFormatted(StoredNames.Literal(view.Reason));
        Number(view.UpdatedAt.ToUnixTimeMilliseconds());
        Number(view.SettlesBy.ToUnixTimeMilliseconds());
        Number(view.FulfilledAt?.ToUnixTimeMilliseconds());
        Number(view.VouchersValidUntil?.ToUnixTimeMilliseconds());
        Number(view.Buyers);
        Number(view.BuyersPaid);
        Number(view.SeatsTaken);
        Number(view.SeatsPaid);
        Number(stock.Reserved);
        Number(stock.Outstanding);
        Number(stock.Deducted);
        Number(stock.Released);
        sql.AppendLiteral(")");

        void Number(long? value)
        {
            sql.AppendLiteral(", ");
            sql.AppendFormatted(value);
        }
    }

    private static SqlText Values(long sequence, PaymentEntry entry) =>
        $"({entry.Order}, {Encoding.UTF8.GetBytes(entry.PaymentId)}, {sequence}, "
        + $"{entry.Order.Group.MerchantId}, {entry.Amount.Currency}, {entry.Amount.Amount}, {(int)entry.State}, "
        + $"{entry.FinalAt?.ToUnixTimeMilliseconds()})";
}
