using CsCheck;
using GroupBuyActors.Committing;
using GroupBuyActors.Simulation;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>A store takes so many bytes at once, whatever is decided.</summary>
public sealed class CommitBytesTests
{
    private const int FourthOfFourMegabytes = 1024 * 1024,
        Few = 64 * 1024;

    [Fact]
    public void RefundsThatDoNotFitIntoTheCommitOfTheDeadlineFollowInOthers()
    {
        var (world, largest) = Watched(FourthOfFourMegabytes);
        world.Publish(Scenes.Offer(500, 500) with { CountBy = CountBy.Paid });
        for (var i = 1; i <= 400; i++)
            Enter(world, i, 120);
        world.AdvanceTo(world.View.Terms.Deadline);
        world.RunToTheEnd();
        Assert.Equal((GroupPhase.Expired, 400), (world.View.State, world.State.Orders.CountOf(OrderStatus.Refunded)));
        Assert.InRange(largest(), FourthOfFourMegabytes / 2, FourthOfFourMegabytes);
        Assert.Empty(world.Tasks);
    }

    [Fact]
    public void NoticesVouchersAndLapsesAreCutByBytes()
    {
        var (world, largest) = Watched(Few);
        world.Publish(
            Scenes.Offer(100, 100) with
            {
                Title = new string('汉', 200),
                VoucherValidity = TimeSpan.FromMinutes(20),
            }
        );
        for (var i = 1; i <= 100; i++)
            Enter(world, i, 120);
        world.RunDue();
        Assert.Equal((GroupPhase.Fulfilled, 100), (world.View.State, world.Notices.Distinct().Count()));
        Assert.Equal(100, world.State.Orders.CountOf(OrderStatus.VoucherIssued));
        world.Advance(TimeSpan.FromMinutes(20));
        world.Do(new GroupCommand.LapseVouchers());
        world.RunDue();
        Assert.Equal(100, world.State.Orders.CountOf(OrderStatus.Refunded));
        Assert.InRange(largest(), Few / 3, Few);
        Assert.Empty(world.Tasks);
    }

    [Fact]
    public void WhatASettlementThatFailedRefundsIsCutByBytes()
    {
        var (world, largest) = Watched(Few, new World { DeductionsRefusedFrom = 2 });
        world.Publish(Scenes.Offer(2, 60));
        for (var i = 1; i <= 2; i++)
            Enter(world, i, 120);
        world.RunDue();
        for (var i = 3; i <= 50; i++)
            Enter(world, i, 120);
        world.Do(new GroupCommand.EndJoining(null));
        world.RunToTheEnd();
        Assert.Equal(
            (GroupPhase.Fulfilled, 48),
            (
                world.Names.Contains("group.fulfilled") ? GroupPhase.Fulfilled : world.View.State,
                world.State.Orders.CountOf(OrderStatus.Refunded)
            )
        );
        Assert.True(largest() <= Few, $"{largest()} bytes.");
    }

    [Fact]
    public void PaymentsFoundAtTheProviderAreTakenAFewAtATimeHoweverManyThereAre()
    {
        var (world, largest) = Watched(Few);
        world.Publish(Scenes.Offer(3));
        world.JoinAll("ann", "bob");
        for (var n = 1; n <= 300; n++)
            world.Provider.Pay(world.OrderId(1), $"{n:D3}{new string('汉', 120)}", new Money(n, "CNY"));
        for (var n = 1; n <= 300; n++)
            world.Provider.Pay(
                world.OrderId(2),
                $"{n:D3}{new string('汉', 120)}",
                n == 150 ? Scenes.Price : new Money(n, "CNY")
            );
        world.AdvanceTo(world.Order(1).ClosesAt);
        for (var i = 0; i < 100 && world.TasksOf(OrderClose.TypeName).FirstOrDefault() is { } close; i++)
            world.Run(close);
        Assert.Equal((OrderStatus.Refunding, OrderStatus.Paid), (world.Order(1).Status, world.Order(2).Status));
        Assert.True(largest() <= Few, $"{largest()} bytes.");
        world.RunToTheEnd();
        Assert.All(
            world.Provider.All.Where(held => held.Order == world.OrderId(1)),
            held => Assert.True(world.Provider.IsRefunded(held.Order, held.Payment.PaymentId))
        );
        Assert.Equal(600, world.State.Payments().Count(payment => payment.State == PaymentState.Refunded));
    }

    /// <summary>Whatever does not fit has a task that goes on with it: what was thought to fit fits.</summary>
    [Fact]
    public void NoConsequenceIsLeftWithoutATaskWhateverFits() =>
        Gen.Select(Gen.Int[Few, 400_000], Gen.Int[3, 150], Gen.Int[1, 125], Gen.Bool, Gen.Bool)
            .Sample(
                (bytesMax, orders, length, isFulfilled, isForfeited) =>
                {
                    var (world, largest) = Watched(bytesMax);
                    world.Handled += (_, _) =>
                        Assert.True(
                            NeededTasks
                                .Check(
                                    world.State,
                                    world.Tasks.Values.Select(PresentTask.Of),
                                    world.Settings,
                                    world.Clock,
                                    type => GroupTaskPolicies.Of(type).Retry.LongestDelay
                                )
                                .Holds,
                            "A task is missing or left over."
                        );
                    var lapse = isForfeited ? LapsePolicy.Forfeit : LapsePolicy.Refund;
                    world.Publish(
                        Scenes.Offer(isFulfilled ? orders : orders + 1, orders + 1) with
                        {
                            CountBy = CountBy.Paid,
                            LapsePolicy = lapse,
                            VoucherValidity = TimeSpan.FromDays(2),
                        }
                    );
                    for (var i = 1; i <= orders; i++)
                        Enter(world, i, length);
                    world.Advance(TimeSpan.FromDays(3));
                    world.Do(new GroupCommand.LapseVouchers());
                    world.RunToTheEnd();
                    Assert.Equal(GroupPhase.Expired, world.View.State);
                    Assert.True(largest() <= bytesMax, $"{largest()} bytes of {bytesMax}.");
                    Assert.False(world.State.HasPendingFanOut);
                },
                iter: 60
            );

    private static void Enter(World world, int number, int length)
    {
        var text = new string('汉', length);
        Assert.Null(world.Join($"{number:D3}{text}").Refusal);
        Assert.Null(world.Pay(number, $"{number:D3}{text}").Refusal);
    }

    /// <summary>A world whose commits are measured as the store measures them; and the largest so far.</summary>
    private static (World World, Func<long> Largest) Watched(int bytesMax, World? with = null)
    {
        var (world, largest) = (with ?? new World(), 0L);
        world.CommitBytesMax = bytesMax;
        world.Handled = (_, result) => largest = Math.Max(largest, BytesOf(result));
        return (world, () => largest);
    }

    private static long BytesOf(CommandResult result) =>
        CommitBytes.Fixed
        + CommitBytes.Removal * result.Removals.Count
        + result.Events.Sum(recorded => (long)CommitBytes.OfEvent(JournalPayload.Write(recorded).Length))
        + result.Schedules.Sum(task => (long)CommitBytes.OfTask(task))
        + result.Statuses.Sum(change => (long)OrderStatusChange.BytesOf(change.Order.UserId));
}
