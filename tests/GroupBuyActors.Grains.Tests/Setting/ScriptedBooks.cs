using GroupBuyActors.Ports;
using GroupBuyActors.Reconciliation;

namespace GroupBuyActors.Setting;

/// <summary>The ports' own books as a test wants them; the test may change them between two readings.</summary>
internal sealed class ScriptedBooks : IPaymentBooks, IStockBooks
{
    private readonly Lock _gate = new();
    private readonly Dictionary<BookKey, PaymentBookEntry> _payments = [];
    private readonly Dictionary<BookKey, StockBookEntry> _stock = [];
    private int _readings;

    /// <summary>Lines in a page, whatever is asked for.</summary>
    public int PageSize { get; set; } = 2;

    /// <summary>How the payment provider answers.</summary>
    public PortAnswer Answer { get; set; }

    /// <summary>Comes before each reading of the payment provider's first page, with its number from 1.</summary>
    public Func<int, Task>? Reading { get; set; }

    public void Put(OrderId order, string paymentId, Money amount, bool isRefunded = false) =>
        Put(new PaymentBookEntry(order, paymentId, amount, isRefunded));

    public void Put(PaymentBookEntry entry)
    {
        lock (_gate)
            _payments[BookKey.Of(entry)] = entry;
    }

    public void Put(StockBookEntry entry)
    {
        lock (_gate)
            _stock[BookKey.Of(entry)] = entry;
    }

    async Task<BookPage<PaymentBookEntry>> IPaymentBooks.ReadAsync(
        long merchantId,
        string? after,
        int limit,
        CancellationToken cancellation
    )
    {
        if (after is null && Reading is { } reading)
            await reading(++_readings);
        if (Answer != PortAnswer.Done)
            return new BookPage<PaymentBookEntry>(Answer, [], null, "As scripted.");
        lock (_gate)
            return Page(_payments.Where(line => line.Value.Order.Group.MerchantId == merchantId), after);
    }

    Task<BookPage<StockBookEntry>> IStockBooks.ReadAsync(
        long merchantId,
        string? after,
        int limit,
        CancellationToken cancellation
    )
    {
        lock (_gate)
            return Task.FromResult(Page(_stock.Where(line => line.Value.Group.MerchantId == merchantId), after));
    }

    private BookPage<T> Page<T>(IEnumerable<KeyValuePair<BookKey, T>> lines, string? after)
    {
        var mark = after?.Split('\n') is [var id, var part] ? new BookKey(id, part) : default(BookKey?);
        var page = lines
            .Where(line => mark is not { } last || line.Key.CompareTo(last) > 0)
            .OrderBy(line => line.Key)
            .Take(PageSize + 1)
            .ToList();
        var next = page.Count > PageSize ? $"{page[PageSize - 1].Key.Id}\n{page[PageSize - 1].Key.Part}" : null;
        return new BookPage<T>(PortAnswer.Done, [.. page.Take(PageSize).Select(line => line.Value)], next);
    }
}
