using System.Text;
using GroupBuyActors.Groups;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Store.Projections;

/// <summary>
/// Writes list rows and books in multi-row statements, sorted by key so that two writers lock in one order. A row is overwritten
/// only by a greater sequence: repeats and late comers change nothing.
/// </summary>
internal sealed class ProjectionWriter(Database database) : IProjections
{
    /// <summary>Changes in one transaction: bounds the packet (a view is 1–2 kB) and how long rows, or SQLite's file, stay locked.</summary>
    private const int ChangesMax = 400;

    private static readonly string[] GroupKey = ["group_id"];
    private static readonly string[] GroupColumns =
        ["merchant_id", "region", "shard", "state", "published_ms", "settles_by_ms", "vouchers_until_ms", "reserved", "outstanding", "deducted", "released", "view"];

    private static readonly string[] PaymentKey = ["order_id", "payment_id"];
    private static readonly string[] PaymentColumns = ["merchant_id", "currency", "amount", "state", "settles_ms"];

    private readonly Raw _groupTail = database.Dialect.OverwriteOlder(GroupKey, "sequence", GroupColumns);
    private readonly Raw _paymentTail = database.Dialect.OverwriteOlder(PaymentKey, "sequence", PaymentColumns);

    public async Task WriteAsync(IReadOnlyCollection<ProjectionChange> changes, CancellationToken cancellation)
    {
        // A group's changes stay together and in one transaction with its payments, so that the books agree.
        foreach (var part in changes.OrderBy(change => change.Group.Value, StringComparer.Ordinal).ThenBy(change => change.Sequence).Chunk(ChangesMax))
        {
            var groups = GroupRows(part);
            var payments = PaymentRows(part).ToList();
            if (groups.Count + payments.Count == 0) continue;
            await database.WriteAsync(async (session, ct) =>
            {
                foreach (var rows in groups.Chunk(database.Dialect.RowsPerInsert)) await session.ExecuteAsync(UpsertGroups(rows), ct).ConfigureAwait(false);
                foreach (var rows in payments.Chunk(database.Dialect.RowsPerInsert)) await session.ExecuteAsync(UpsertPayments(rows), ct).ConfigureAwait(false);
                return 0;
            }, cancellation).ConfigureAwait(false);
        }
    }

    private static List<(long Sequence, GroupRow Row)> GroupRows(IEnumerable<ProjectionChange> changes) => changes
        .Where(change => change.Row is not null)
        .GroupBy(change => change.Group)
        .Select(group => group.MaxBy(change => change.Sequence)!)
        .Select(change => (change.Sequence, change.Row!))
        .ToList();

    private static IEnumerable<(long Sequence, PaymentEntry Entry)> PaymentRows(IEnumerable<ProjectionChange> changes) => changes
        .SelectMany(change => change.Payments.Select(entry => (change.Sequence, Entry: entry)))
        .GroupBy(row => (Order: row.Entry.Order.ToString(), row.Entry.PaymentId))
        .OrderBy(group => group.Key.Order, StringComparer.Ordinal).ThenBy(group => group.Key.PaymentId, StringComparer.Ordinal)
        // Of one commit the later entry holds.
        .Select(group => group.Aggregate((newest, row) => row.Sequence >= newest.Sequence ? row : newest));

    private SqlText UpsertGroups(IEnumerable<(long Sequence, GroupRow Row)> rows) => new SqlText()
        .Append($"insert into group_view (group_id, sequence, {new Raw(string.Join(", ", GroupColumns))}) values ")
        .Append(SqlText.Join(", ", rows.Select(row => Values(row.Sequence, row.Row))))
        .Append($"{_groupTail}");

    private SqlText UpsertPayments(IEnumerable<(long Sequence, PaymentEntry Entry)> rows) => new SqlText()
        .Append($"insert into payment_book (order_id, payment_id, sequence, {new Raw(string.Join(", ", PaymentColumns))}) values ")
        .Append(SqlText.Join(", ", rows.Select(row => Values(row.Sequence, row.Entry))))
        .Append($"{_paymentTail}");

    private static SqlText Values(long sequence, GroupRow row)
    {
        var (view, stock, id) = (row.View, row.Stock, row.View.GroupId);
        return new SqlText().Append(
            $"({id.Value}, {sequence}, {id.MerchantId}, {id.Region}, {id.Shard.Index}, {StoredNames.Of(view.State)}, {row.PublishedAt.ToUnixTimeMilliseconds()}, {view.SettlesBy.ToUnixTimeMilliseconds()}, {view.VouchersValidUntil?.ToUnixTimeMilliseconds()}, {stock.Reserved}, {stock.Outstanding}, {stock.Deducted}, {stock.Released}, {StoredViews.Write(view)})");
    }

    private static SqlText Values(long sequence, PaymentEntry entry) => new SqlText().Append(
        $"({entry.Order.ToString()}, {Encoding.UTF8.GetBytes(entry.PaymentId)}, {sequence}, {entry.Order.Group.MerchantId}, {entry.Amount.Currency}, {entry.Amount.Amount}, {(int)entry.State}, {entry.SettlesAt?.ToUnixTimeMilliseconds()})");
}
