using GroupBuyActors.Ports;

namespace GroupBuyActors.Sandbox.Books;

/// <summary>How a key's call ended; the numbers are stored.</summary>
internal enum EntryState
{
    Done = 1,
    Refused = 2,

    /// <summary>A tombstone: the call is undone, or will have no effect if it comes later.</summary>
    Undone = 3,
}

/// <summary>
/// A reservation: the requested <see cref="Units"/>, and how many of them are still reserved and deducted.
/// </summary>
internal sealed record ReservationEntry(string Key, EntryState State, long Units, long Reserved, long Deducted);

/// <summary>A deduction.</summary>
internal sealed record DeductionEntry(string Key, string ReservationKey, EntryState State, long Units);

/// <summary>
/// The rules of the sandbox's inventory, on rows that the caller has locked: available + reserved + deducted of a sku
/// never changes, and neither does any part go below zero.
/// </summary>
internal sealed class StockBook(
    SandboxStock stock,
    ReservationEntry? reservation,
    IEnumerable<DeductionEntry> deductions
)
{
    private readonly Dictionary<string, DeductionEntry> _deductions = deductions.ToDictionary(entry => entry.Key);

    public SandboxStock Stock { get; private set; } = stock;

    public ReservationEntry? Reservation { get; private set; } = reservation;

    /// <summary>Deductions that changed.</summary>
    public Dictionary<string, DeductionEntry> Changed { get; } = [];

    /// <summary>Units released and returned by a release; null before one.</summary>
    public (long Units, long Returned)? Released { get; private set; }

    public PortReply Reserve(StockReservation request)
    {
        if (Reservation is { } known)
            return AnswerOf(known.State, "The reservation was refused or released.");
        var fits = request.Units <= Stock.Available;
        Reservation = new ReservationEntry(
            request.Key,
            fits ? EntryState.Done : EntryState.Refused,
            request.Units,
            fits ? request.Units : 0,
            0
        );
        if (!fits)
            return new PortReply(PortAnswer.Refused, $"Only {Stock.Available} units are available.");
        Stock = Stock with { Available = Stock.Available - request.Units, Reserved = Stock.Reserved + request.Units };
        return PortReply.Done;
    }

    public PortReply Deduct(StockDeduction request)
    {
        if (_deductions.TryGetValue(request.Key, out var known))
            return AnswerOf(known.State, "The deduction was refused or reversed.");
        var fits = Reservation is { State: EntryState.Done } held && request.Units <= held.Reserved;
        Put(
            new DeductionEntry(
                request.Key,
                request.ReservationKey,
                fits ? EntryState.Done : EntryState.Refused,
                request.Units
            )
        );
        if (!fits)
            return new PortReply(PortAnswer.Refused, $"Only {Reservation?.Reserved ?? 0} units are reserved.");
        MoveToDeducted(request.Units);
        return PortReply.Done;
    }

    public PortReply Release(StockRelease request)
    {
        Released = Undo(request);
        return PortReply.Done;
    }

    private (long Units, long Returned) Undo(StockRelease request)
    {
        foreach (var key in request.UndoDeductions)
        {
            var known = _deductions.GetValueOrDefault(key);
            // A release only undoes deductions of its own reservation.
            if (known is not null && known.ReservationKey != request.ReservationKey)
                continue;
            if (known is { State: EntryState.Done })
                MoveToDeducted(-known.Units);
            Put(new DeductionEntry(key, request.ReservationKey, EntryState.Undone, known?.Units ?? 0));
        }

        // After the deductions, so that units that they return to an undone reservation are released, too.
        var undone = request.UndoReservation ? Undo(request.ReservationKey) : 0;
        if (Reservation is not { } held)
            return (undone, 0);
        var units = Math.Min(request.Units, held.Reserved);
        var returned = Math.Min(request.Returned, held.Deducted);
        Reservation = held with { Reserved = held.Reserved - units, Deducted = held.Deducted - returned };
        Stock = new SandboxStock(Stock.Available + units + returned, Stock.Reserved - units, Stock.Deducted - returned);
        return (undone + units, returned);
    }

    private long Undo(string key)
    {
        var held = Reservation ?? new ReservationEntry(key, EntryState.Undone, 0, 0, 0);
        Stock = Stock with { Available = Stock.Available + held.Reserved, Reserved = Stock.Reserved - held.Reserved };
        Reservation = held with { State = EntryState.Undone, Reserved = 0 };
        return held.Reserved;
    }

    private void MoveToDeducted(long units)
    {
        Reservation = Reservation! with
        {
            Reserved = Reservation.Reserved - units,
            Deducted = Reservation.Deducted + units,
        };
        Stock = Stock with { Reserved = Stock.Reserved - units, Deducted = Stock.Deducted + units };
    }

    private void Put(DeductionEntry entry) => Changed[entry.Key] = _deductions[entry.Key] = entry;

    private static PortReply AnswerOf(EntryState state, string detail) =>
        state == EntryState.Done ? PortReply.Done : new PortReply(PortAnswer.Refused, detail);
}
