using GroupBuyActors.Groups;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Simulation;

/// <summary>Short ways to say what happens in a test.</summary>
internal static class Scenes
{
    public static readonly Money Price = new(9_900, "CNY");

    public static GroupTermsRequest Offer(int size = 3, int? capacity = null) =>
        new()
        {
            Title = "West Lake tea, 250 g",
            Sku = "tea-250",
            UnitPrice = Price,
            MinGroupSize = size,
            Capacity = capacity,
        };

    public static World Published(GroupTermsRequest termsRequest, GroupSettings? settings = null)
    {
        var world = new World(settings);
        Assert.Null(world.Publish(termsRequest).Refusal);
        return world;
    }

    public static World Published(int size = 3, int? capacity = null) => Published(Offer(size, capacity));

    /// <summary>Publishes with an inventory that answers, as a grain would.</summary>
    public static CommandResult Publish(this World world, GroupTermsRequest termsRequest, Fault fault = Fault.None)
    {
        var result = world.Do(new GroupCommand.Publish(termsRequest));
        return result.Reserve is not var (attempt, reservation)
            ? result
            : world.Do(new GroupCommand.Reserved(attempt, world.Inventory.Reserve(reservation, fault)));
    }

    public static CommandResult Join(this World world, string user, int quantity = 1, RequestKey? request = null) =>
        world.Do(new GroupCommand.Join(new JoinGroup(user, quantity, request)));

    public static void JoinAll(this World world, params string[] users)
    {
        foreach (var user in users)
            Assert.Null(world.Join(user).Refusal);
    }

    /// <summary>The buyer pays at the provider, and the payment service tells.</summary>
    public static CommandResult Pay(
        this World world,
        int order,
        string? paymentId = null,
        Money? amount = null,
        bool trusted = true,
        RequestKey? request = null
    )
    {
        var command = new PayOrder(
            order,
            paymentId ?? $"pay-{order}",
            amount ?? world.Order(order).Total,
            trusted,
            request
        );
        world.Provider.Pay(world.OrderId(order), command.PaymentId, command.Amount);
        return world.Tell(command);
    }

    /// <summary>Tells of a payment; where the provider must be asked, it is.</summary>
    public static CommandResult Tell(this World world, PayOrder command, Fault fault = Fault.None)
    {
        var result = world.Do(new GroupCommand.Pay(command));
        return result.Question is { } question
            ? world.Do(new GroupCommand.Pay(command, world.Provider.Ask(question.Order, fault)))
            : result;
    }

    public static void PayAll(this World world, params int[] orders)
    {
        foreach (var order in orders)
            Assert.Null(world.Pay(order).Refusal);
    }

    public static CommandResult RequestRefund(
        this World world,
        int order,
        string? reason = null,
        RequestKey? request = null
    ) => world.Do(new GroupCommand.Refund(new RequestRefund(order, reason, request)));

    /// <summary>A group of three with its stock deducted, paid and fulfilled.</summary>
    public static World Fulfilled(GroupTermsRequest? termsRequest = null)
    {
        var world = Published(termsRequest ?? Offer());
        world.JoinAll("ann", "bob", "cho");
        world.PayAll(1, 2, 3);
        world.RunDue();
        Assert.Equal(GroupPhase.Fulfilled, world.View.State);
        return world;
    }

    public static VoucherCode Voucher(this World world, int order) => world.Order(order).VoucherCode!.Value;

    public static CommandResult Redeem(this World world, int order) =>
        world.Do(new GroupCommand.Redeem(world.Voucher(order), null));

    public static CommandResult Revoke(this World world, int order) =>
        world.Do(new GroupCommand.Revoke(world.Voucher(order)));

    public static void Refused(this CommandResult result, RefusalCode code) => Assert.Equal(code, result.Refusal?.Code);

    public static PaymentFindings Silence { get; } = new(PortAnswer.Unavailable, []);
}
