using CsCheck;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Tasks;

public sealed class RetryPolicyTests
{
    private static readonly TimeSpan Young = TimeSpan.Zero;

    [Fact]
    public void WaitsDoubleFromAHundredMilliseconds() =>
        Assert.Equal([100, 200, 400, 800, 1600], Waits(Refund.TypeName, 5));

    [Theory]
    [InlineData(GroupDeadline.TypeName, 60)]
    [InlineData(GroupSettle.TypeName, 60)]
    [InlineData(StockRollback.TypeName, 60)]
    [InlineData(Refund.TypeName, 600)]
    [InlineData(PaymentCheck.TypeName, 600)]
    public void WaitsGrowToTheirCapAndNeverPastIt(string type, int capSeconds)
    {
        var retry = GroupTaskPolicies.Of(type).Retry;
        Assert.Equal(TimeSpan.FromSeconds(capSeconds) / 1.2, retry.After(60, Young, 0).Delay);
        Assert.InRange(retry.After(1_000_000, Young, 0.999).Delay.TotalSeconds, capSeconds * 0.99, capSeconds);
    }

    [Fact]
    public void ChanceOnlyLengthensAWait() =>
        Gen.Select(Gen.Int[1, 200], Gen.Double[0, 0.999], Gen.Int[0, GroupTaskPolicies.All.Count - 1])
            .Sample(
                (failures, chance, type) =>
                {
                    var retry = GroupTaskPolicies.All[type].Retry;
                    var (without, with) = (retry.After(failures, Young, 0), retry.After(failures, Young, chance));
                    Assert.Equal(without.Decision, with.Decision);
                    Assert.InRange(
                        with.Delay,
                        without.Delay,
                        retry.DelayMax > without.Delay ? retry.DelayMax : without.Delay
                    );
                    Assert.InRange(with.Delay, without.Delay, without.Delay * 1.2 + TimeSpan.FromMilliseconds(1));
                }
            );

    [Fact]
    public void OrderCloseAsksThreeMoreTimesAndThenDecidesWithoutTheAnswer()
    {
        var retry = GroupTaskPolicies.Of(OrderClose.TypeName).Retry;
        Assert.Equal(
            [RetryDecision.Again, RetryDecision.Again, RetryDecision.Again, RetryDecision.DecideWithout],
            Enumerable.Range(1, 4).Select(n => retry.After(n, Young, 0).Decision)
        );
        Assert.Equal(TimeSpan.Zero, retry.After(4, Young, 0).Delay);
        Assert.Equal([100, 200], Enumerable.Range(5, 2).Select(n => retry.After(n, Young, 0).Delay.TotalMilliseconds));
        Assert.Equal(RetryDecision.DecideWithout, retry.After(1_000, TimeSpan.FromDays(9), 0).Decision);
    }

    [Fact]
    public void SagaTriesThreeTimesWithWaitsOfOneAndFiveSeconds()
    {
        var policy = GroupTaskPolicies.Of(SuccessSaga.TypeName);
        Assert.Equal(TimeSpan.FromSeconds(10), policy.TryTimeout);
        Assert.Equal(
            [
                new(RetryDecision.Again, TimeSpan.FromSeconds(1), false),
                new(RetryDecision.Again, TimeSpan.FromSeconds(5), false),
                new RetryStep(RetryDecision.DecideWithout, TimeSpan.Zero, false),
            ],
            Enumerable.Range(1, 3).Select(n => policy.Retry.After(n, Young, 0.7))
        );
    }

    [Fact]
    public void RollbackTriesAtOnceTwiceThenAlertsOnceAndGoesOnForEver()
    {
        var steps = Enumerable
            .Range(1, 20)
            .Select(n => GroupTaskPolicies.Of(StockRollback.TypeName).Retry.After(n, TimeSpan.FromDays(n), 0))
            .ToList();
        Assert.Equal([0, 0, 100, 200, 400], steps.Take(5).Select(step => step.Delay.TotalMilliseconds));
        Assert.Equal([3], Enumerable.Range(1, 20).Where(n => steps[n - 1].Alert));
        Assert.All(steps, step => Assert.Equal(RetryDecision.Again, step.Decision));
    }

    [Fact]
    public void RefundAlertsAfterTenRetriesAndIsDeadAfterThreeDays()
    {
        var retry = GroupTaskPolicies.Of(Refund.TypeName).Retry;
        Assert.Equal([11], Enumerable.Range(1, 50).Where(n => retry.After(n, Young, 0).Alert));
        Assert.Equal(
            RetryDecision.Again,
            retry.After(500, TimeSpan.FromDays(3) - TimeSpan.FromMilliseconds(1), 0).Decision
        );
        Assert.Equal(new RetryStep(RetryDecision.Dead, TimeSpan.Zero, true), retry.After(500, TimeSpan.FromDays(3), 0));
    }

    [Fact]
    public void NoticeIsTriedFiveMoreTimesAndDroppedPastItsTimeToLive()
    {
        var retry = GroupTaskPolicies.Of(Notify.TypeName).Retry;
        Assert.Equal(RetryDecision.Again, retry.After(5, Young, 0).Decision);
        Assert.Equal(RetryDecision.Dead, retry.After(6, Young, 0).Decision);
        Assert.Equal(RetryDecision.Expired, retry.After(1, TimeSpan.FromHours(1), 0).Decision);
    }

    [Fact]
    public void TasksThatAGroupNeedsNeverGiveUp()
    {
        Assert.Equal(
            [
                OrderClose.TypeName,
                GroupDeadline.TypeName,
                GroupSettle.TypeName,
                StockRollback.TypeName,
                SuccessSaga.TypeName,
            ],
            GroupTaskPolicies.All.Where(policy => policy.IsNeeded).Select(policy => policy.Type)
        );
        foreach (var policy in GroupTaskPolicies.All.Where(policy => policy.IsNeeded))
            Assert.All(
                [1, 3, 10, 1_000_000],
                failures =>
                    Assert.True(
                        policy.Retry.After(failures, TimeSpan.FromDays(400), 0.5).Decision
                            is RetryDecision.Again
                                or RetryDecision.DecideWithout
                    )
            );
    }

    private static IEnumerable<int> Waits(string type, int count) =>
        Enumerable
            .Range(1, count)
            .Select(n => (int)GroupTaskPolicies.Of(type).Retry.After(n, Young, 0).Delay.TotalMilliseconds);
}
