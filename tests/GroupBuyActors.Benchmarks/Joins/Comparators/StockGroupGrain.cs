using GroupBuyActors.Groups;

namespace GroupBuyActors.Benchmarks.Joins;

/// <summary>
/// The same join as a newcomer to Orleans writes it: state in AdoNet grain storage, and a reminder an order that closes
/// it when it is not paid. It promises less (state and reminder are two writes with a gap between them) and is what the
/// engine is compared with.
/// </summary>
[Alias("groupbuy.bench.IStockGroupGrain")]
public interface IStockGroupGrain : IGrainWithStringKey
{
    /// <summary>Takes a seat, writes the group, registers the reminder.</summary>
    [Alias("Join")]
    Task<Reply<OrderView>> Join(JoinGroup command);
}

/// <inheritdoc cref="IStockGroupGrain"/>
internal sealed class StockGroupGrain([PersistentState("group")] IPersistentState<StockGroupState> group)
    : Grain,
        IStockGroupGrain,
        IRemindable
{
    public async Task<Reply<OrderView>> Join(JoinGroup command)
    {
        var number = group.State.Orders.Count + 1;
        var order = StockGroupState.Place(
            GroupId.Parse(this.GetPrimaryKeyString(), null),
            number,
            command,
            DateTimeOffset.UtcNow
        );
        group.State.Orders.Add(order);
        group.State.History.Add(new("order.placed", order.PlacedAt, command.UserId, number));
        await group.WriteStateAsync();
        await this.RegisterOrUpdateReminder(
            $"order-close-{number}",
            order.ClosesAt - order.PlacedAt,
            TimeSpan.FromDays(1)
        );
        return StockGroupState.Answer(order, number);
    }

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        if (await this.GetReminder(reminderName) is { } reminder)
            await this.UnregisterReminder(reminder);
    }
}

/// <summary>What the stock grain writes: its orders with their status, and what happened.</summary>
[GenerateSerializer, Alias("groupbuy.bench.StockGroupState")]
public sealed class StockGroupState
{
    /// <summary>Orders as their readers see them.</summary>
    [Id(0)]
    public List<OrderView> Orders { get; set; } = [];

    /// <summary>What happened.</summary>
    [Id(1)]
    public List<StockEvent> History { get; set; } = [];

    internal static OrderView Place(GroupId group, int number, JoinGroup command, DateTimeOffset now) =>
        new()
        {
            OrderId = new OrderId(group, number),
            UserId = command.UserId,
            Quantity = command.Quantity,
            Total = new Money(6_800, "CNY") * command.Quantity,
            Status = OrderStatus.PendingPayment,
            PlacedAt = now,
            ClosesAt = now.AddMinutes(30),
        };

    internal static Reply<OrderView> Answer(OrderView order, int orders) =>
        new()
        {
            Value = order with { Group = new GroupBrief(GroupPhase.Opening, orders, 0, orders) },
            Outcome = ReplyOutcome.Created,
        };
}

/// <summary>An entry of the stock grain's history.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.bench.StockEvent")]
public sealed record StockEvent(
    [property: Id(0)] string Type,
    [property: Id(1)] DateTimeOffset Time,
    [property: Id(2)] string UserId,
    [property: Id(3)] int Order
);
