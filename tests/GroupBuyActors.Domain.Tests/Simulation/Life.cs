using GroupBuyActors.Events;
using GroupBuyActors.Groups;
using GroupBuyActors.Ports;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Simulation;

/// <summary>One thing that happens in a random life: what, and three numbers that say how.</summary>
internal readonly record struct Step(int Kind, int A, int B, int C);

/// <summary>A random life: its offer, how many of a hundred port calls go wrong, and what happens.</summary>
internal sealed record Life(
    GroupTermsRequest Offer,
    int FanOutPerCommit,
    int FaultShare,
    uint FaultSeed,
    int DeductionsRefusedFrom,
    List<Step> Steps
)
{
    public override string ToString() =>
        $"{Offer}\nper commit {FanOutPerCommit}, {FaultShare} % faults from {FaultSeed}, deductions "
        + $"refused from {DeductionsRefusedFrom}\n{string.Join('\n', Steps)}";
}

/// <summary>Leaves steps out of a failing life for as long as it still fails.</summary>
internal static class Shortest
{
    public static string Of(Life life)
    {
        for (var size = life.Steps.Count; size > 0; size /= 2)
        {
            for (var at = 0; at < life.Steps.Count; )
            {
                var shorter = life with { Steps = [.. life.Steps.Take(at), .. life.Steps.Skip(at + size)] };
                if (Fails(shorter))
                    life = shorter;
                else
                    at += size;
            }
        }

        var play = new LifePlay(life);
        try
        {
            play.Play();
        }
        catch (Exception)
        {
            return $"{life}\n{string.Join('\n', play.World.Journal)}";
        }

        return life.ToString();
    }

    private static bool Fails(Life life)
    {
        try
        {
            new LifePlay(life).Play();
            return false;
        }
        catch (Exception)
        {
            return true;
        }
    }
}

/// <summary>
/// Plays a <see cref="Life"/> and checks the invariants after every step, and the books when all is over.
/// </summary>
internal sealed class LifePlay
{
    private static readonly TimeSpan ProviderWindow = TimeSpan.FromMinutes(10);
    private readonly World _world;
    private readonly Life _life;
    private readonly List<TimedTask> _seenTasks = [];
    private DateTimeOffset _latest = World.Start;
    private uint _chance;
    private int _paymentNumber,
        _requestNumber;

    public LifePlay(Life life)
    {
        _life = life;
        _chance = life.FaultSeed;
        _world = new World(new GroupSettings { FanOutPerCommit = life.FanOutPerCommit })
        {
            NextFault = DrawFault,
            DeductionsRefusedFrom = life.DeductionsRefusedFrom,
        };
        var invariants = new Invariants(_world);
        _world.Handled = (_, result) =>
        {
            _seenTasks.AddRange(result.Schedules);
            invariants.Check(result);
        };
    }

    public World World => _world;

    public void Play()
    {
        _world.Publish(_life.Offer, DrawFault());
        foreach (var step in _life.Steps)
            Do(step);
        Finish();
    }

    private void Do(Step step)
    {
        var (kind, a, b, c) = step;
        switch (kind)
        {
            case < 25:
                _world.Join(
                    $"user-{a % 6}",
                    1 + b % 3,
                    c % 3 == 0 ? new RequestKey($"join-{(c % 2 == 0 ? _requestNumber++ : a % 4)}", "") : null
                );
                break;
            case < 50:
                Pay(a, b, c);
                break;
            case < 53:
                PaySilently(a, b);
                break;
            case < 56:
                _world.Do(new GroupCommand.Cancel(Pick(a, OrderStatus.PendingPayment)));
                break;
            case < 60:
                _world.RequestRefund(
                    Pick(a, OrderStatus.Paid),
                    "changed my mind",
                    b % 3 == 0 ? new RequestKey($"refund-{b % 5}", "body") : null
                );
                break;
            case < 67:
                Voucher(Pick(a, OrderStatus.VoucherIssued), code => new GroupCommand.Redeem(code, null));
                break;
            case < 71:
                Voucher(Pick(a, OrderStatus.Redeemed), code => new GroupCommand.Revoke(code));
                break;
            case 71:
                if (b % 6 == 0)
                    _world.Do(new GroupCommand.Withdraw());
                break;
            case < 75:
                _world.Do(new GroupCommand.EndJoining(b % 2 == 0 ? new RequestKey($"end-{a % 2}", "") : null));
                break;
            case < 77:
                _world.Publish(b % 4 == 0 ? _life.Offer with { Title = "Other" } : _life.Offer, DrawFault());
                break;
            case < 90:
                Pass(a, b);
                break;
            case < 92:
                _world.Reactivate();
                break;
            case < 95:
                RunAgain(a);
                break;
            case < 97:
                _world.Do(
                    b % 2 == 0
                        ? new GroupCommand.LapseVouchers()
                        : new GroupCommand.Settle(new RequestKey($"settle-{a % 3}", ""))
                );
                break;
            default:
                _world.Inventory.DeliverLost();
                break;
        }
    }

    /// <summary>Mostly an order of this status; else any, or one that does not exist.</summary>
    private int Pick(int a, OrderStatus status)
    {
        var count = _world.State.OrderCount;
        var fitting = Enumerable.Range(1, count).Where(number => _world.Order(number).Status == status).ToList();
        return a % 4 != 0 && fitting.Count > 0 ? fitting[a % fitting.Count] : 1 + a % (count + 1);
    }

    private void Voucher(int order, Func<VoucherCode, GroupCommand> command)
    {
        if (_world.State.Order(order)?.VoucherCode is { } code)
            _world.Do(command(code));
        else
            _world.Do(command(new VoucherCode(_world.OrderId(order), "guessedguess")));
    }

    private void Pay(int a, int b, int c)
    {
        var number = Pick(a, OrderStatus.PendingPayment);
        if (_world.State.Order(number) is not { } order)
        {
            _world.Do(new GroupCommand.Pay(new PayOrder(number, "p", Scenes.Price)));
            return;
        }

        var known = _world.State.Payments().Where(payment => payment.Order == order.OrderId).ToList();
        var trusted = c % 5 != 0;
        var amount = (b % 10) switch
        {
            0 => order.Total with { Amount = order.Total.Amount + 1 },
            1 => order.Total with { Currency = "EUR" },
            _ => order.Total,
        };
        var command = new PayOrder(
            number,
            $"p{_paymentNumber}",
            amount,
            trusted,
            c % 7 == 0 ? new RequestKey($"pay-{_paymentNumber}", $"{amount}") : null
        );
        _paymentNumber++;
        // A payment nobody made, or one that its payer only says was made: the payment service would not tell of it.
        if (b % 6 == 5 && known.Count > 0)
            command = command with
            {
                PaymentId = known[0].PaymentId,
                Amount = b % 4 == 1 ? command.Amount : known[0].Amount,
            };
        else if (trusted || (b % 11 != 7 && CanPay(order)))
            _world.Provider.Pay(order.OrderId, command.PaymentId, command.Amount);
        _world.Tell(command, DrawFault());
        if (c % 4 == 0)
            _world.Tell(command, DrawFault());
    }

    /// <summary>
    /// A buyer pays and nobody tells: possible until the provider's window after the order was closed is over.
    /// </summary>
    private void PaySilently(int a, int b)
    {
        if (_world.State.OrderCount == 0)
            return;
        var order = _world.Order(1 + a % _world.State.OrderCount);
        if (!CanPay(order))
            return;
        _world.Provider.Pay(
            order.OrderId,
            $"s{_paymentNumber++}",
            b % 5 == 0 ? order.Total with { Amount = 1 } : order.Total
        );
    }

    // Our clock may be set back; the provider's window has passed all the same.
    private bool CanPay(OrderView order)
    {
        if (_world.Clock > _latest)
            _latest = _world.Clock;
        var closed = _world.Journal.FirstOrDefault(recorded =>
            recorded.Event is OrderClosed e && e.OrderId == order.OrderId
        );
        return closed is null ? order.Status == OrderStatus.PendingPayment : _latest < closed.Time + ProviderWindow;
    }

    private void Pass(int a, int b)
    {
        var deadline = _world.State.Terms?.Deadline ?? _world.Clock;
        switch (a % 9)
        {
            case 0:
                _world.Clock += TimeSpan.FromMilliseconds(b % 3);
                break;
            case 1:
                _latest = _world.Clock > _latest ? _world.Clock : _latest;
                _world.Clock -= TimeSpan.FromSeconds(b % 90);
                break;
            case 2:
                if (deadline > _world.Clock && b % 3 == 0)
                    _world.Clock = deadline - TimeSpan.FromMilliseconds(b % 2);
                break;
            case 3 or 4:
                _world.RunDue();
                break;
            case 5:
                _world.Advance(TimeSpan.FromSeconds(b % 40));
                break;
            case 6:
                _world.Advance(TimeSpan.FromMinutes(b % 20));
                break;
            case 7:
                if (_world.Tasks.Count > 0)
                    _world.AdvanceTo(_world.Tasks.Values.Min(task => task.NextAt));
                break;
            default:
                if (b % 6 == 0)
                    _world.Advance(TimeSpan.FromHours(1));
                break;
        }
    }

    /// <summary>A task runs once more, or early: a second owner of its shard, a clock ahead of the others.</summary>
    private void RunAgain(int a)
    {
        if (_seenTasks.Count == 0)
            return;
        var task = _seenTasks[a % _seenTasks.Count];
        if (task.Type == Notify.TypeName)
            return;
        var isLive = _world.Tasks.TryGetValue(task.Key.Id, out var live);
        _world.Run(isLive ? live! : task);
    }

    private void Finish()
    {
        _world.Inventory.DeliverLost();
        _world.RunToTheEnd();
        _world.Inventory.DeliverLost();
        CheckBooks();
        if (_world.State.View() is not { State: GroupPhase.Fulfilled } view)
            return;
        _world.AdvanceTo(view.VouchersValidUntil!.Value);
        do _world.Do(new GroupCommand.LapseVouchers());
        while (_world.State.HasPendingFanOut);
        _world.RunToTheEnd();
        Assert.Equal(ExpiryReason.VouchersLapsed, _world.View.Reason);
        CheckBooks();
    }

    private void CheckBooks()
    {
        var state = _world.State;
        Assert.Empty(_world.Tasks);
        Assert.False(state.HasPendingFanOut);
        Assert.True(
            state.Phase is GroupPhase.None or GroupPhase.Fulfilled or GroupPhase.Expired,
            $"The group rests in {state.Phase}."
        );
        CheckStock(state);
        foreach (var number in Enumerable.Range(1, state.OrderCount))
            Assert.False(
                _world.Order(number).Status is OrderStatus.PendingPayment or OrderStatus.Paid or OrderStatus.Refunding,
                $"Order {number} rests in {_world.Order(number).Status}."
            );
        foreach (var (order, payment) in _world.Provider.All)
            CheckPayment(order, payment);
        foreach (var entry in state.Payments())
            Assert.Contains((entry.Order, new ProviderPayment(entry.PaymentId, entry.Amount)), _world.Provider.All);
    }

    private void CheckStock(GroupState state)
    {
        Assert.Equal(0, state.Stock.Outstanding);
        Assert.Equal(0, _world.Inventory.Reserved);
        Assert.Equal(state.Stock.Deducted, _world.Inventory.Deducted);
        var kept = state.View()?.FulfilledAt is null
            ? 0
            : _world
                .Events.OfType<OrderPlaced>()
                .Where(placed =>
                    _world.Events.OfType<VoucherIssued>().Any(issued => issued.OrderId == placed.OrderId)
                    || WasRefundedBeforeItsVoucher(placed.OrderId)
                )
                .Sum(placed => placed.Quantity);
        Assert.Equal(kept, state.Stock.Deducted);
        Assert.Equal(
            _world.Events.OfType<StockReleased>().Count(),
            _world.Events.OfType<StockReleased>().Select(released => released.Cause).Distinct().Count()
        );
    }

    // With vouchers issued in many commits a buyer may ask for the refund of an order whose voucher was still to come;
    // its unit was settled.
    private bool WasRefundedBeforeItsVoucher(OrderId id)
    {
        var fulfilled = _world.Journal.First(recorded => recorded.Event is GroupFulfilled).Sequence;
        return _world.Journal.Any(recorded =>
            recorded.Sequence > fulfilled
            && recorded.Event is OrderRefundRequested { Reason: RefundReason.BuyerRequest } e
            && e.OrderId == id
            && _world.Order(id.Number).VoucherCode is null
        );
    }

    private void CheckPayment(OrderId order, ProviderPayment payment)
    {
        var entry = _world
            .State.Payments()
            .FirstOrDefault(entry => entry.Order == order && entry.PaymentId == payment.PaymentId);
        if (entry is null)
        {
            Assert.False(
                _world.Events.Any(happened => happened is OrderClosed e && e.OrderId == order),
                $"{payment} for closed order {order} was never found."
            );
            return;
        }

        Assert.Equal(entry.State == PaymentState.Refunded, _world.Provider.IsRefunded(order, payment.PaymentId));
        var status = _world.Order(order.Number).Status;
        Assert.True(
            (entry.State, status) switch
            {
                (PaymentState.Refunded, _) => true,
                (PaymentState.Held, OrderStatus.VoucherIssued) => true,
                (PaymentState.Redeemed, OrderStatus.Redeemed) => true,
                (PaymentState.Forfeited, OrderStatus.Lapsed) => true,
                _ => false,
            },
            $"{entry} rests with an order that is {status}."
        );
    }

    private Fault DrawFault()
    {
        // An own generator, so that a life is the same whatever its steps draw: xorshift32 (Marsaglia 2003).
        _chance ^= _chance << 13;
        _chance ^= _chance >> 17;
        _chance ^= _chance << 5;
        return _chance % 100 >= _life.FaultShare ? Fault.None : (Fault)(1 + _chance / 100 % 3);
    }
}
