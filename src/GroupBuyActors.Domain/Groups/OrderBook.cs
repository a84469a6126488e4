using System.Runtime.InteropServices;

namespace GroupBuyActors.Groups;

/// <summary>
/// The orders of a group with all counts that decisions need, updated as orders are added and change status, so that a
/// join or a payment costs the same in a group of 100,000 as in one of three.
/// </summary>
internal sealed class OrderBook
{
    private readonly List<Order> _orders = [];
    private readonly Dictionary<string, Seats> _buyers = new(StringComparer.Ordinal);
    private readonly int[] _counts = new int[Enum.GetValues<OrderStatus>().Length];
    private int _lastPending;

    public int Count => _orders.Count;
    public List<Order> All => _orders;
    public int Buyers { get; private set; }
    public int BuyersPaid { get; private set; }
    public int SeatsTaken { get; private set; }
    public int SeatsPaid { get; private set; }

    /// <summary>
    /// The number of orders placed up to the success; 0 before it. Must be set before orders that were placed after it
    /// are added.
    /// </summary>
    public int CountAtSuccess { get; set; }

    /// <summary>The number of orders in status PAID that were placed after success.</summary>
    public int PaidAfterSuccess { get; private set; }

    /// <summary>
    /// The end of the last open payment window, or null. Windows of later orders never end earlier.
    /// </summary>
    public DateTimeOffset? LastClosesAt => _lastPending == 0 ? null : _orders[_lastPending - 1].ClosesAt;

    public int CountOf(OrderStatus status) => _counts[(int)status];

    /// <summary>The number of orders that hold seats.</summary>
    public int CountHolding =>
        _orders.Count - CountOf(OrderStatus.Closed) - CountOf(OrderStatus.Refunding) - CountOf(OrderStatus.Refunded);

    public Order? Find(int number) => (uint)(number - 1) < (uint)_orders.Count ? _orders[number - 1] : null;

    public Order this[int number] => _orders[number - 1];

    public int SeatsOf(string userId) => _buyers.TryGetValue(userId, out var seats) ? seats.Taken : 0;

    public void Add(Order order)
    {
        order.Number = _orders.Count + 1;
        _orders.Add(order);
        _counts[(int)order.Status]++;
        if (order.Status == OrderStatus.PendingPayment)
            _lastPending = order.Number;
        if (order.Status == OrderStatus.Paid && IsAfterSuccess(order))
            PaidAfterSuccess++;
        Hold(order, order.Status, 1);
    }

    public void Move(Order order, OrderStatus to)
    {
        var from = order.Status;
        if (!from.MayBecome(to))
            throw new InvalidOperationException($"Order {order.Number} cannot go from {from} to {to}.");
        order.Status = to;
        _counts[(int)from]--;
        _counts[(int)to]++;
        if (IsAfterSuccess(order))
            PaidAfterSuccess += (to == OrderStatus.Paid ? 1 : 0) - (from == OrderStatus.Paid ? 1 : 0);
        if (from.HoldsSeats() != to.HoldsSeats() || from.HoldsPaidSeats() != to.HoldsPaidSeats())
        {
            Hold(order, to, 1);
            Hold(order, from, -1);
        }

        while (_lastPending > 0 && _orders[_lastPending - 1].Status != OrderStatus.PendingPayment)
            _lastPending--;
    }

    private bool IsAfterSuccess(Order order) => CountAtSuccess > 0 && order.Number > CountAtSuccess;

    private void Hold(Order order, OrderStatus status, int sign)
    {
        if (!status.HoldsSeats())
            return;
        ref var seats = ref CollectionsMarshal.GetValueRefOrAddDefault(_buyers, order.UserId, out _);
        var (hadSeats, hadPaid) = (seats.Taken > 0, seats.Paid > 0);
        var units = order.Quantity * sign;
        seats.Taken += units;
        SeatsTaken += units;
        if (status.HoldsPaidSeats())
        {
            seats.Paid += units;
            SeatsPaid += units;
        }

        Buyers += (seats.Taken > 0 ? 1 : 0) - (hadSeats ? 1 : 0);
        BuyersPaid += (seats.Paid > 0 ? 1 : 0) - (hadPaid ? 1 : 0);
    }

    private struct Seats
    {
        public int Taken;
        public int Paid;
    }
}
