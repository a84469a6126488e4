using GroupBuyActors.Events;
using GroupBuyActors.Groups;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Simulation;

/// <summary>
/// What must hold after every single step, whatever the step was; written down anew here, not taken from the rules.
/// </summary>
internal sealed class Invariants(World world)
{
    private static readonly HashSet<(GroupPhase From, GroupPhase To)> GroupEdges =
    [
        (GroupPhase.None, GroupPhase.Publishing),
        (GroupPhase.Publishing, GroupPhase.None),
        (GroupPhase.Publishing, GroupPhase.OnShelf),
        (GroupPhase.OnShelf, GroupPhase.Opening),
        (GroupPhase.OnShelf, GroupPhase.Expired),
        (GroupPhase.Opening, GroupPhase.Success),
        (GroupPhase.Opening, GroupPhase.Expired),
        (GroupPhase.Success, GroupPhase.Fulfilled),
        (GroupPhase.Success, GroupPhase.Expired),
        (GroupPhase.Fulfilled, GroupPhase.Expired),
    ];

    private static readonly HashSet<(OrderStatus? From, OrderStatus To)> OrderEdges =
    [
        (null, OrderStatus.PendingPayment),
        (OrderStatus.PendingPayment, OrderStatus.Paid),
        (OrderStatus.PendingPayment, OrderStatus.Closed),
        (OrderStatus.Paid, OrderStatus.VoucherIssued),
        (OrderStatus.VoucherIssued, OrderStatus.Redeemed),
        (OrderStatus.VoucherIssued, OrderStatus.Lapsed),
        (OrderStatus.Redeemed, OrderStatus.VoucherIssued),
        (OrderStatus.Paid, OrderStatus.Refunding),
        (OrderStatus.VoucherIssued, OrderStatus.Refunding),
        (OrderStatus.Lapsed, OrderStatus.Refunding),
        (OrderStatus.Closed, OrderStatus.Refunding),
        (OrderStatus.Refunding, OrderStatus.Refunded),
    ];

    private readonly Dictionary<OrderId, OrderStatus> _statuses = [];
    private GroupPhase _phase;
    private int _seen,
        _statusesSeen;
    private byte[] _snapshot = [];
    private int _total = world.Inventory.Total;

    public void Check(CommandResult result)
    {
        var snapshot = GroupSnapshot.Write(world.State);
        if (result.Refusal is not null)
            CheckRefused(result);
        if (result.Events.Count == 0)
        {
            Assert.True(
                _snapshot.Length == 0 || snapshot.AsSpan().SequenceEqual(_snapshot),
                "What made no event changed the state."
            );
            return;
        }

        CheckHistory();
        CheckOrders();
        CheckStock();
        CheckMoney();
        CheckTasks();
        CheckRepairs();
        Assert.True(
            snapshot.AsSpan().SequenceEqual(GroupSnapshot.Write(world.Replica)),
            "A replay gives another state than living through it."
        );
        Assert.True(
            snapshot.AsSpan().SequenceEqual(GroupSnapshot.Write(GroupSnapshot.Read(world.Id, snapshot))),
            "A snapshot reads back differently."
        );
        _snapshot = snapshot;
    }

    /// <summary>
    /// Every open end has a task that will come back to it, and no task is left whose end is not open: created = ended
    /// + live.
    /// </summary>
    private void CheckTasks()
    {
        var check = NeededTasks.Check(
            world.State,
            world.Tasks.Values.Select(PresentTask.Of),
            world.Settings,
            world.Clock,
            LongestWait
        );
        Assert.True(
            check.Holds,
            $"Missing: {string.Join(", ", check.Missing)}; late: {string.Join(", ", check.Late)}; left over: "
                + $"{string.Join(", ", check.Unneeded.Select(id => $"{id} {world.Tasks[id].Type}"))}."
        );
    }

    /// <summary>
    /// A clock that was stepped back, once or often, makes what was to come in a moment come in a moment and as much
    /// later.
    /// </summary>
    private TimeSpan LongestWait(string type) =>
        GroupTaskPolicies.Of(type).Retry.LongestDelay + (world.LatestClock - world.Clock);

    /// <summary>
    /// Whatever task is lost, it can be put back as it was; whatever is put off comes back to its time.
    /// </summary>
    private void CheckRepairs()
    {
        Assert.Empty(NeededTasks.Repairs(world.State, world.Tasks.Values, world.Settings, world.Clock, LongestWait));
        var needed = world
            .Tasks.Values.Where(task => GroupTaskPolicies.Of(task.Type).IsNeeded)
            .ToDictionary(task => task.Key.Id);
        foreach (var repair in NeededTasks.Repairs(world.State, [], world.Settings, world.Clock))
        {
            Assert.Null(repair.Row);
            var lost = needed.Values.First(task =>
                task.Type == repair.Task.Type && task.Key.Id.Split(':')[^3] == repair.Task.Key.Id.Split(':')[^3]
            );
            Assert.True(
                lost.Payload.Span.SequenceEqual(repair.Task.Payload.Span),
                $"{lost.Key.Id} is put back with another payload."
            );
            if (repair.Task.Key.Id == lost.Key.Id)
                Assert.Equal(lost.Key, repair.Task.Key);
        }

        var year9000 = new DateTimeOffset(9000, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var putOff = world.Tasks.Values.Select(task =>
            task with
            {
                Key = task.Key with { Due = year9000 },
                NextAt = year9000,
                Version = 7,
            }
        );
        var mended = NeededTasks.Repairs(world.State, putOff, world.Settings, world.Clock);
        Assert.Equal(
            NeededTasks.Of(world.State, world.Settings).Count(task => task.NotAfter is not null),
            mended.Count
        );
        Assert.All(
            mended,
            repair =>
                Assert.True(
                    repair.Task.NextAt < year9000
                        && repair.Task.Version == 8
                        && repair.Row!.Key.Id == repair.Task.Key.Id
                )
        );
    }

    private void CheckHistory()
    {
        for (; _seen < world.Journal.Count; _seen++)
        {
            var recorded = world.Journal[_seen];
            Assert.Equal(_seen + 1, recorded.Sequence);
            if (_seen > 0)
                Assert.True(recorded.Time >= world.Journal[_seen - 1].Time, "Time ran back.");
            if (PhaseAfter(recorded.Event) is not { } phase)
                continue;
            Assert.True(GroupEdges.Contains((_phase, phase)), $"The group went from {_phase} to {phase}.");
            _phase = phase;
        }

        Assert.Equal(_phase, world.State.Phase);
        Assert.Equal(world.Journal.Count, world.State.Sequence);
        Assert.True(world.Events.Count(happened => happened is GroupSucceeded) <= 1, "Success happened twice.");
        for (; _statusesSeen < world.Statuses.Count; _statusesSeen++)
        {
            var order = world.Statuses[_statusesSeen].Order;
            OrderStatus? from = _statuses.TryGetValue(order.OrderId, out var status) ? status : null;
            Assert.True(
                OrderEdges.Contains((from, order.Status)),
                $"Order {order.OrderId} went from {from} to {order.Status}."
            );
            _statuses[order.OrderId] = order.Status;
        }
    }

    private void CheckOrders()
    {
        var state = world.State;
        var orders = Enumerable.Range(1, state.OrderCount).Select(world.Order).ToList();
        foreach (var order in orders)
            Assert.Equal(_statuses[order.OrderId], order.Status);
        var holding = orders
            .Where(order => order.Status is not (OrderStatus.Closed or OrderStatus.Refunding or OrderStatus.Refunded))
            .ToList();
        var paid = holding.Where(order => order.Status != OrderStatus.PendingPayment).ToList();
        Assert.Equal(holding.Sum(order => order.Quantity), state.Orders.SeatsTaken);
        Assert.Equal(paid.Sum(order => order.Quantity), state.Orders.SeatsPaid);
        Assert.Equal(holding.Select(order => order.UserId).Distinct().Count(), state.Orders.Buyers);
        Assert.Equal(paid.Select(order => order.UserId).Distinct().Count(), state.Orders.BuyersPaid);
        if (state.Terms is not { } terms)
            return;
        Assert.True(state.Orders.SeatsTaken <= terms.Capacity, "More seats are taken than there are.");
        foreach (var buyer in holding.GroupBy(order => order.UserId))
        {
            Assert.True(
                buyer.Sum(order => order.Quantity) <= terms.PerUserLimit,
                $"{buyer.Key} holds more seats than allowed."
            );
            Assert.Equal(buyer.Sum(order => order.Quantity), state.Orders.SeatsOf(buyer.Key));
        }

        var pending = orders.Where(order => order.Status == OrderStatus.PendingPayment).ToList();
        if (state.Phase == GroupPhase.Success && pending.Count > 0)
            Assert.Equal(
                pending.Max(order => order.ClosesAt) > terms.Deadline
                    ? pending.Max(order => order.ClosesAt)
                    : terms.Deadline,
                world.View.SettlesBy
            );
        foreach (var order in pending)
            Assert.Contains(world.TasksOf("order-close"), task => task.Key.Due == order.ClosesAt);
    }

    private void CheckStock()
    {
        var stock = world.State.Stock;
        Assert.Equal(stock.Reserved, stock.Outstanding + stock.Deducted + stock.Released);
        Assert.True(
            stock is { Outstanding: >= 0, Deducted: >= 0, Released: >= 0 },
            $"Stock is below nothing: {stock}."
        );
        Assert.Equal(_total, world.Inventory.Total);
        foreach (var (key, times) in world.Inventory.Effects)
            Assert.True(times == 1, $"{key} had {times} effects.");
    }

    private void CheckMoney()
    {
        var entries = world.State.Payments().ToList();
        Assert.Equal(world.Payments.Count, entries.Count);
        foreach (var entry in entries)
            Assert.Equal(world.Payments[(entry.Order, entry.PaymentId)], entry);
        // Everything accepted is somewhere: what the events took is what the entries hold.
        var accepted = world.Events.Sum(happened =>
            happened switch
            {
                OrderPaid e => e.Amount.Amount,
                PaymentExcess e => e.Amount.Amount,
                OrderRefundRequested { Reason: RefundReason.LatePayment } e => e.Amount.Amount,
                _ => 0,
            }
        );
        Assert.Equal(accepted, entries.Sum(entry => entry.Amount.Amount));
        foreach (var entry in entries.Where(entry => entry.State == PaymentState.Held))
            Assert.True(
                world.Order(entry.Order.Number).Status is OrderStatus.Paid or OrderStatus.VoucherIssued,
                $"{entry} is held for an order that is over."
            );
    }

    private static void CheckRefused(CommandResult result)
    {
        foreach (var recorded in result.Events)
            Assert.True(
                recorded.Event is not (OrderPlaced or OrderPaid or VoucherRedeemed or GroupPublishing or GroupShelved),
                $"A refused command left {recorded.Event}."
            );
        Assert.Null(result.Answer);
    }

    private static GroupPhase? PhaseAfter(GroupEvent happened) =>
        happened switch
        {
            GroupPublishing => GroupPhase.Publishing,
            GroupPublicationAbandoned => GroupPhase.None,
            GroupShelved => GroupPhase.OnShelf,
            GroupOpened => GroupPhase.Opening,
            GroupSucceeded => GroupPhase.Success,
            GroupFulfilled => GroupPhase.Fulfilled,
            GroupExpired => GroupPhase.Expired,
            _ => null,
        };
}
