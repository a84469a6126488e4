using GroupBuyActors.Ports;

namespace GroupBuyActors.Sandbox.Books;

/// <summary>
/// The rows of several calls, as one transaction locked and read them, and the calls' changes; each call sees the
/// changes of the calls before it.
/// </summary>
internal sealed class StockRows(
    IEnumerable<(SkuKey Key, SandboxStock Stock)> stocks,
    IEnumerable<ReservationEntry> reservations,
    IEnumerable<DeductionEntry> deductions,
    IEnumerable<string> released
)
{
    private readonly Dictionary<SkuKey, SandboxStock> _stocks = stocks.ToDictionary(row => row.Key, row => row.Stock);
    private readonly Dictionary<string, ReservationEntry> _reservations = reservations.ToDictionary(entry => entry.Key);
    private readonly Dictionary<string, DeductionEntry> _deductions = deductions.ToDictionary(entry => entry.Key);
    private readonly HashSet<string> _released = [.. released];

    public Dictionary<SkuKey, SandboxStock> ChangedStocks { get; } = [];

    /// <summary>Reservations that changed, each with its sku.</summary>
    public Dictionary<string, (ReservationEntry Entry, SkuKey Sku)> ChangedReservations { get; } = [];

    public Dictionary<string, DeductionEntry> ChangedDeductions { get; } = [];

    /// <summary>Releases made, by key.</summary>
    public Dictionary<string, (long Units, long Returned)> Releases { get; } = [];

    public PortReply Make(StockMove move)
    {
        if (_released.Contains(move.Key))
            return PortReply.Done;
        var stock = _stocks.GetValueOrDefault(move.SkuKey) ?? new SandboxStock(SandboxStock.NeverSet, 0, 0);
        var reservation = _reservations.GetValueOrDefault(move.ReservationKey);
        var book = new StockBook(
            stock,
            reservation,
            move.DeductionKeys.Where(_deductions.ContainsKey).Select(key => _deductions[key])
        );
        var reply = move.Make(book);
        if (book.Stock != stock)
            ChangedStocks[move.SkuKey] = _stocks[move.SkuKey] = book.Stock;
        if (book.Reservation is { } after && after != reservation)
        {
            _reservations[after.Key] = after;
            ChangedReservations[after.Key] = (after, move.SkuKey);
        }

        foreach (var (key, entry) in book.Changed)
            ChangedDeductions[key] = _deductions[key] = entry;
        if (book.Released is { } back)
        {
            _released.Add(move.Key);
            Releases[move.Key] = back;
        }

        return reply;
    }
}
