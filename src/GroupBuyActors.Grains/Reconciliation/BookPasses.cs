using GroupBuyActors.Groups;
using GroupBuyActors.Ports;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Reconciliation;

/// <summary>Compares a merchant's payments with the provider's books.</summary>
internal sealed class PaymentPass(
    long merchantId,
    BookReader ours,
    IPaymentBooks? theirs,
    QueriedGroups groups,
    TimeProvider time
) : BookPass<PaymentEntry, PaymentBookEntry>(time)
{
    protected override BookKey KeyOf(PaymentEntry line) => BookKey.Of(line);

    protected override BookKey KeyOf(PaymentBookEntry line) => BookKey.Of(line);

    protected override DifferenceKind? Compare(PaymentEntry? ours, PaymentBookEntry? theirs) =>
        Differences.Between(ours, theirs);

    protected override Task<IReadOnlyList<PaymentEntry>> OursAsync(
        BookKey? after,
        int limit,
        CancellationToken cancellation
    ) => ours.PaymentsAsync(merchantId, after, limit, cancellation);

    protected override Task<BookPage<PaymentBookEntry>> TheirsAsync(
        string? after,
        int limit,
        CancellationToken cancellation
    ) =>
        theirs?.ReadAsync(merchantId, after, limit, cancellation)
        ?? throw new InvalidOperationException("No source is configured for the payment provider's books.");

    protected override async Task<IReadOnlyDictionary<BookKey, GroupAnswer<PaymentEntry>>> QueryGroupsAsync(
        IReadOnlyList<BookKey> keys,
        CancellationToken cancellation
    )
    {
        var asked = keys.Select(key => (Key: key, Order: OrderId.Parse(key.Id))).ToList();
        var books = await groups.QueryAsync(
            asked.GroupBy(line => line.Order.Group, line => line.Order.Number),
            cancellation
        );
        var answers = new Dictionary<BookKey, GroupAnswer<PaymentEntry>>();
        foreach (var lines in asked.GroupBy(line => line.Order.Group))
        {
            if (!books.TryGetValue(lines.Key, out var group))
                continue;
            var known = group.Payments.ToDictionary(BookKey.Of);
            var open = group.Awaiting.ToHashSet();
            if (lines.Any(line => !known.ContainsKey(line.Key)))
                open.UnionWith(await groups.ToBeCheckedAsync(lines.Key, cancellation));
            foreach (var (key, order) in lines)
                answers[key] = known.TryGetValue(key, out var entry)
                    ? new GroupAnswer<PaymentEntry>(entry, entry.State == PaymentState.Refunding)
                    : new GroupAnswer<PaymentEntry>(null, open.Contains(order.Number));
        }

        return answers;
    }
}

/// <summary>Compares the stock of a merchant's groups with the inventory service's books.</summary>
internal sealed class StockPass(
    long merchantId,
    BookReader ours,
    IStockBooks? theirs,
    QueriedGroups groups,
    TimeProvider time
) : BookPass<StockLine, StockBookEntry>(time)
{
    protected override BookKey KeyOf(StockLine line) => BookKey.Of(line);

    protected override BookKey KeyOf(StockBookEntry line) => BookKey.Of(line);

    protected override DifferenceKind? Compare(StockLine? ours, StockBookEntry? theirs) =>
        Differences.Between(ours, theirs);

    protected override Task<IReadOnlyList<StockLine>> OursAsync(
        BookKey? after,
        int limit,
        CancellationToken cancellation
    ) => ours.StockAsync(merchantId, after, limit, cancellation);

    protected override Task<BookPage<StockBookEntry>> TheirsAsync(
        string? after,
        int limit,
        CancellationToken cancellation
    ) =>
        theirs?.ReadAsync(merchantId, after, limit, cancellation)
        ?? throw new InvalidOperationException("No source is configured for the inventory service's books.");

    // A group sells one sku. Units of another are an error of the service and are added, so that they are reported as a
    // difference.
    protected override StockBookEntry Join(StockBookEntry one, StockBookEntry other) =>
        one with
        {
            Reserved = one.Reserved + other.Reserved,
            Deducted = one.Deducted + other.Deducted,
        };

    protected override async Task<IReadOnlyDictionary<BookKey, GroupAnswer<StockLine>>> QueryGroupsAsync(
        IReadOnlyList<BookKey> keys,
        CancellationToken cancellation
    )
    {
        var books = await groups.QueryAsync(keys.GroupBy(key => GroupId.Parse(key.Id), _ => 0), cancellation);
        return books.ToDictionary(
            group => new BookKey(group.Key.Value),
            group => new GroupAnswer<StockLine>(group.Value.Stock, group.Value.StockMoves)
        );
    }
}
