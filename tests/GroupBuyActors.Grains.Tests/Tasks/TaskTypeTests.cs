using GroupBuyActors.Groups;
using GroupBuyActors.Redrives;

namespace GroupBuyActors.Tasks;

public sealed class TaskTypeTests
{
    [Fact]
    public void EveryTypeHasThePromiseOfItsTableInTheOrderOfTheContract() =>
        Assert.Equal(
            [
                "order-close 0",
                "group-deadline 0",
                "group-settle 1000",
                "stock-rollback 2000",
                "voucher-scan 600000",
                "success-saga 100",
                "refund 5000",
                "payment-check 60000",
                "notify 5000",
                "http-callback 5000",
                "reconciliation 600000",
                "redrive-page 1000",
            ],
            TaskRegistrations.Types.All.Select(type => $"{type.Name} {type.Policy.Lateness.TotalMilliseconds}")
        );

    [Fact]
    public void ActorsDependOnThese() =>
        Assert.Equal(
            [
                OrderClose.TypeName,
                GroupDeadline.TypeName,
                GroupSettle.TypeName,
                StockRollback.TypeName,
                SuccessSaga.TypeName,
                RedrivePages.TypeName,
            ],
            TaskRegistrations.Types.All.Where(type => type.Policy.IsNeeded).Select(type => type.Name)
        );

    [Fact]
    public void ScanIsTriedOnceMoreTheSameDay()
    {
        var retry = VoucherScan.TaskType.Policy.Retry;
        Assert.Equal(RetryDecision.Again, retry.After(1, TimeSpan.Zero, 0).Decision);
        Assert.Equal(RetryDecision.Dead, retry.After(2, TimeSpan.Zero, 0).Decision);
    }

    [Fact]
    public void DeadLettersAboutMoneyAreThoseOfRefundsAndPaymentChecks() =>
        Assert.Equal(
            [Refund.TypeName, PaymentCheck.TypeName],
            TaskRegistrations.Types.All.Where(type => type.IsAboutMoney).Select(type => type.Name)
        );

    [Fact]
    public void TwoTypesOfOneNameAreRefused() =>
        Assert.Contains(
            "refund",
            Assert
                .Throws<ArgumentException>(() => new TaskTypeRegistry([Refund.Type, Notify.Type, Refund.Type]))
                .Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("")]
    [InlineData("Refund")]
    [InlineData("a:b")]
    [InlineData("longer-than-a-task-id-has-room-for")]
    public void ANameThatNoIdCouldCarryIsRefused(string name) =>
        Assert.Throws<ArgumentException>(() =>
            new TaskType<NoPayload>(
                new TaskPolicy { Type = name, Retry = new RetryPolicy() },
                NoPayloadJson.Default.NoPayload
            )
        );
}
