using GroupBuyActors.Ports;

namespace GroupBuyActors.Simulation;

/// <summary>
/// An inventory that keeps the port's contract: keys, first answers, tombstones. It can lose calls, lose answers and
/// refuse.
/// </summary>
internal sealed class Inventory
{
    private readonly Dictionary<string, PortReply> _answers = [];
    private readonly HashSet<string> _tombstones = [];
    private readonly Dictionary<string, (int Reserved, int Deducted)> _reservations = [];
    private readonly Dictionary<string, (string Reservation, int Units)> _deductions = [];

    private readonly List<Action> _lost = [];

    public int Available { get; private set; } = 1_000_000;
    public int Reserved => _reservations.Values.Sum(books => books.Reserved);
    public int Deducted => _reservations.Values.Sum(books => books.Deducted);
    public int Total => Available + Reserved + Deducted;
    public Dictionary<string, int> Effects { get; } = [];

    public void SetAvailable(int units) => Available = units;

    public PortReply Reserve(StockReservation call, Fault fault) =>
        Once(
            call.Key,
            fault,
            () =>
            {
                if (_tombstones.Contains(call.Key) || Available < call.Units)
                    return new PortReply(PortAnswer.Refused, "no stock");
                Available -= call.Units;
                _reservations[call.Key] = (call.Units, 0);
                return PortReply.Done;
            }
        );

    public PortReply Deduct(StockDeduction call, Fault fault) =>
        Once(
            call.Key,
            fault,
            () =>
            {
                if (
                    _tombstones.Contains(call.Key)
                    || !_reservations.TryGetValue(call.ReservationKey, out var books)
                    || books.Reserved < call.Units
                )
                    return new PortReply(PortAnswer.Refused, "not reserved");
                _reservations[call.ReservationKey] = (books.Reserved - call.Units, books.Deducted + call.Units);
                _deductions[call.Key] = (call.ReservationKey, call.Units);
                return PortReply.Done;
            }
        );

    public PortReply Release(StockRelease call, Fault fault) =>
        Once(
            call.Key,
            fault,
            () =>
            {
                if (call.UndoReservation)
                    UndoReservation(call.ReservationKey);
                foreach (var key in call.UndoDeductions)
                    UndoDeduction(key);
                if (call.Units + call.Returned == 0)
                    return PortReply.Done;
                var books = _reservations[call.ReservationKey];
                Assert.True(
                    books.Reserved >= call.Units && books.Deducted >= call.Returned,
                    $"{call.Key} gives back more than there is: {call} of {books}"
                );
                _reservations[call.ReservationKey] = (books.Reserved - call.Units, books.Deducted - call.Returned);
                Available += call.Units + call.Returned;
                return PortReply.Done;
            }
        );

    /// <summary>Calls that never seemed to arrive arrive now; nobody hears their answers.</summary>
    public void DeliverLost()
    {
        var late = _lost.ToList();
        _lost.Clear();
        foreach (var call in late)
            call();
    }

    private void UndoReservation(string key)
    {
        _tombstones.Add(key);
        if (!_reservations.TryGetValue(key, out var books))
            return;
        Available += books.Reserved;
        _reservations[key] = (0, books.Deducted);
    }

    private void UndoDeduction(string key)
    {
        _tombstones.Add(key);
        if (!_deductions.Remove(key, out var deduction))
            return;
        var books = _reservations[deduction.Reservation];
        _reservations[deduction.Reservation] = (books.Reserved + deduction.Units, books.Deducted - deduction.Units);
    }

    private PortReply Once(string key, Fault fault, Func<PortReply> effect)
    {
        if (fault == Fault.CallLost)
        {
            _lost.Add(() => Once(key, Fault.None, effect));
            return new PortReply(PortAnswer.Unavailable);
        }

        if (!_answers.TryGetValue(key, out var answer))
        {
            answer = fault == Fault.Refused ? new PortReply(PortAnswer.Refused, "refused") : effect();
            _answers[key] = answer;
            if (answer.Answer == PortAnswer.Done)
                Effects[key] = Effects.GetValueOrDefault(key) + 1;
        }

        return fault == Fault.AnswerLost ? new PortReply(PortAnswer.Unavailable) : answer;
    }
}

/// <summary>What goes wrong with one call to a port.</summary>
internal enum Fault
{
    None,
    CallLost,
    AnswerLost,
    Refused,
}
