using GroupBuyActors.Events;
using GroupBuyActors.Simulation;

namespace GroupBuyActors.Groups;

public sealed class VoucherTests
{
    private static readonly GroupTermsRequest ShortValidity = Scenes.Offer() with
    {
        VoucherValidity = TimeSpan.FromMinutes(30),
    };
    private static readonly DateTimeOffset End = World.Start.AddMinutes(30);

    [Fact]
    public void VoucherIsRedeemedOnceAndItsMoneyIsTheMerchantsAfterTheRevokeWindow()
    {
        var world = Scenes.Fulfilled();
        Assert.Equal(OrderStatus.Redeemed, Assert.IsType<OrderView>(world.Redeem(1).Answer).Status);
        Assert.Equal(World.Start, world.Order(1).RedeemedAt);
        world.Redeem(1).Refused(RefusalCode.VoucherRedeemed);
        var entry = world.State.Payments().First();
        Assert.Equal((PaymentState.Redeemed, World.Start.AddHours(1)), (entry.State, entry.FinalAt));
    }

    [Fact]
    public void ValidityIsHalfOpenAndCheckedWithoutTheScan()
    {
        var world = Scenes.Fulfilled(ShortValidity);
        world.Clock = End.AddMilliseconds(-1);
        Assert.Null(world.Redeem(1).Refusal);
        world.Clock = End;
        world.Redeem(2).Refused(RefusalCode.VoucherLapsed);
        Assert.Equal(OrderStatus.VoucherIssued, world.Order(2).Status);
    }

    [Fact]
    public void GuessedOrForeignCodesAreNotFoundAlike()
    {
        var world = Scenes.Fulfilled();
        foreach (
            var code in new[]
            {
                new VoucherCode(world.OrderId(1), "guessedguess"),
                new VoucherCode(world.OrderId(9), "guessedguess"),
                new VoucherCode(new OrderId(GroupId.Parse("1.SH.other"), 1), world.Voucher(1).Secret),
                new VoucherCode(world.OrderId(1), world.Voucher(1).Secret[..^1]),
            }
        )
        {
            world.Do(new GroupCommand.Redeem(code, null)).Refused(RefusalCode.VoucherNotFound);
            world.Do(new GroupCommand.Revoke(code)).Refused(RefusalCode.VoucherNotFound);
        }
    }

    [Fact]
    public void VoucherOfARefundedOrderCannotBeRedeemed()
    {
        var world = Scenes.Fulfilled();
        world.RequestRefund(1);
        world.Redeem(1).Refused(RefusalCode.VoucherRefunded);
        world.RunDue();
        world.Redeem(1).Refused(RefusalCode.VoucherRefunded);
    }

    [Fact]
    public void RedemptionCanBeRevokedWithinItsWindow()
    {
        var world = Scenes.Fulfilled();
        world.Redeem(1);
        world.Clock = World.Start.AddHours(1).AddMilliseconds(-1);
        Assert.Null(world.Revoke(1).Refusal);
        Assert.Equal((OrderStatus.VoucherIssued, null), (world.Order(1).Status, world.Order(1).RedeemedAt));
        Assert.Equal(PaymentState.Held, world.State.Payments().First().State);
        world.Revoke(1).Refused(RefusalCode.VoucherNotRevocable);
        world.Redeem(1);
        world.Clock += TimeSpan.FromHours(1);
        world.Revoke(1).Refused(RefusalCode.VoucherNotRevocable);
    }

    [Theory]
    [InlineData(LapsePolicy.Refund, OrderStatus.Refunding, nameof(PaymentState.Refunding))]
    [InlineData(LapsePolicy.Forfeit, OrderStatus.Lapsed, nameof(PaymentState.Forfeited))]
    public void RevokedAfterItsValidityItLapsesAtOnceWithItsPolicy(LapsePolicy policy, OrderStatus status, string money)
    {
        var world = Scenes.Fulfilled(ShortValidity with { LapsePolicy = policy });
        world.Redeem(1);
        world.Clock = End;
        var result = world.Revoke(1);
        Assert.Equal(status, Assert.IsType<OrderView>(result.Answer).Status);
        Assert.Equal(money, world.State.Payments().First().State.ToString());
        Assert.Equal(money, Assert.Single(result.Payments).State.ToString());
    }

    [Fact]
    public void ScanEndsVouchersAndTheGroupAndRefundsByPolicy()
    {
        var world = Scenes.Fulfilled(ShortValidity);
        world.Redeem(1);
        world.Clock = End.AddMilliseconds(-1);
        Assert.Empty(world.Do(new GroupCommand.LapseVouchers()).Events);
        world.Clock = End;
        world.Do(new GroupCommand.LapseVouchers());
        Assert.Equal((GroupPhase.Expired, ExpiryReason.VouchersLapsed), (world.View.State, world.View.Reason));
        Assert.Equal(
            [OrderStatus.Redeemed, OrderStatus.Refunding, OrderStatus.Refunding],
            Enumerable.Range(1, 3).Select(order => world.Order(order).Status)
        );
        world.Redeem(2).Refused(RefusalCode.VoucherLapsed);
        var stock = world.State.Stock;
        world.RunToTheEnd();
        Assert.Equal(stock, world.State.Stock);
        Assert.Equal(3, world.Inventory.Deducted);
    }

    [Fact]
    public void ForfeitedMoneyStaysWithTheMerchantAndTheSeatsCount()
    {
        var world = Scenes.Fulfilled(ShortValidity with { LapsePolicy = LapsePolicy.Forfeit });
        world.Clock = End;
        world.Do(new GroupCommand.LapseVouchers());
        Assert.All([1, 2, 3], order => Assert.Equal(OrderStatus.Lapsed, world.Order(order).Status));
        Assert.All(world.State.Payments(), entry => Assert.Equal(PaymentState.Forfeited, entry.State));
        Assert.Equal((3, 3), (world.View.SeatsTaken, world.View.SeatsPaid));
        world.RequestRefund(1).Refused(RefusalCode.OrderNotRefundable);
        world.Redeem(1).Refused(RefusalCode.VoucherLapsed);
    }

    [Fact]
    public void GroupEndsEvenIfNoVoucherIsLeftToLapse()
    {
        var world = Scenes.Fulfilled(ShortValidity);
        foreach (var order in new[] { 1, 2, 3 })
            world.Redeem(order);
        world.Clock = End;
        world.Do(new GroupCommand.LapseVouchers());
        Assert.Equal(ExpiryReason.VouchersLapsed, world.View.Reason);
    }

    [Fact]
    public void BuyerMayHaveTheMoneyBackOfAPaidOrderOrAValidVoucherAndAskTwice()
    {
        var world = Scenes.Published();
        world.JoinAll("ann", "bob");
        world.RequestRefund(1).Refused(RefusalCode.OrderNotRefundable);
        world.PayAll(1);
        var first = world.RequestRefund(1, "wrong size");
        Assert.Equal(
            (ReplyOutcome.Accepted, OrderStatus.Refunding, 1),
            (first.How, world.Order(1).Status, world.View.SeatsTaken)
        );
        Assert.Equal("wrong size", Assert.IsType<OrderRefundRequested>(first.Events.Single().Event).Note);
        Assert.Equal(ReplyOutcome.Accepted, world.RequestRefund(1).How);
        world.RunDue();
        var refunded = world.RequestRefund(1);
        Assert.Equal(
            (ReplyOutcome.Accepted, OrderStatus.Refunded),
            (refunded.How, Assert.IsType<OrderView>(refunded.Answer).Status)
        );
        Assert.Empty(refunded.Events);
        world.RequestRefund(9).Refused(RefusalCode.OrderNotFound);
        world.RequestRefund(2, new string('x', 501)).Refused(RefusalCode.RequestInvalid);
    }

    [Fact]
    public void RefundOfAVoucherEndsWithItsValidityAndReturnsNoStock()
    {
        var world = Scenes.Fulfilled(ShortValidity);
        Assert.Equal(ReplyOutcome.Accepted, world.RequestRefund(1).How);
        world.Redeem(2);
        world.RequestRefund(2).Refused(RefusalCode.OrderNotRefundable);
        world.Clock = End;
        world.RequestRefund(3).Refused(RefusalCode.OrderNotRefundable);
        world.RunToTheEnd();
        Assert.Equal(3, world.Inventory.Deducted);
    }
}
