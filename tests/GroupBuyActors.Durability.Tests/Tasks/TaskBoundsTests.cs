using CsCheck;

namespace GroupBuyActors.Tasks;

/// <summary>Whatever is stored of a task, arithmetic on it gives a number.</summary>
public sealed class TaskBoundsTests
{
    private static readonly DateTimeOffset[] Corners =
    [
        DateTimeOffset.MinValue,
        DateTimeOffset.MaxValue,
        DateTimeOffset.UnixEpoch,
    ];

    private static readonly Gen<DateTimeOffset> AnyInstant = Gen.OneOf(
        Gen.Int[0, 2].Select(n => Corners[n]),
        Gen.Long[0, DateTimeOffset.MaxValue.UtcTicks].Select(ticks => new DateTimeOffset(ticks, TimeSpan.Zero))
    );

    private static readonly Gen<int> AnyWeight = Gen.OneOf(Gen.Const(int.MinValue), Gen.Const(int.MaxValue), Gen.Int);

    [Fact]
    public void EveryTaskHasAPriorityWhateverItsTimeAndWeights() =>
        Gen.Select(AnyInstant, AnyWeight, AnyWeight)
            .Sample(
                (due, type, own) =>
                {
                    var priority = TaskPriority.Of(due, type, own, TimeSpan.FromSeconds(1));
                    Assert.True((priority - due).Duration() <= TimeSpan.FromSeconds(2 * TaskBounds.WeightMax));
                }
            );

    [Fact]
    public void TheFirstAndTheLastInstantAreNotLeftBehind()
    {
        Assert.Equal(DateTimeOffset.MinValue, TaskBounds.Shift(DateTimeOffset.MinValue, TimeSpan.MinValue));
        Assert.Equal(DateTimeOffset.MaxValue, TaskBounds.Shift(DateTimeOffset.MaxValue, TimeSpan.MaxValue));
        Assert.Equal(
            DateTimeOffset.UnixEpoch.AddSeconds(1),
            TaskBounds.Shift(DateTimeOffset.UnixEpoch, TimeSpan.FromSeconds(1))
        );
        Assert.Equal(
            DateTimeOffset.MinValue.ToUnixTimeMilliseconds(),
            TaskBounds.Instant(long.MinValue).ToUnixTimeMilliseconds()
        );
        Assert.Equal(
            DateTimeOffset.MaxValue.ToUnixTimeMilliseconds(),
            TaskBounds.Instant(long.MaxValue).ToUnixTimeMilliseconds()
        );
    }

    [Fact]
    public void TheWheelTakesEveryInstantAndGivesItBack() =>
        AnyInstant
            .Array[1, 20]
            .Sample(dues =>
            {
                var wheel = new TaskWheel<int>(new DateTimeOffset(2026, 11, 24, 9, 0, 0, TimeSpan.Zero));
                for (var i = 0; i < dues.Length; i++)
                    Assert.True(wheel.Add($"{i}", dues[i], i));
                Assert.NotNull(wheel.NextDue());
                var popped = new List<DueEntry<int>>();
                wheel.PopDue(DateTimeOffset.MaxValue, popped);
                Assert.Equal(dues.Length, popped.Count);
                Assert.Equal(0, wheel.Count);
            });

    [Theory]
    [InlineData("1999-12-31T23:59:59.999Z", false)]
    [InlineData("2000-01-01T00:00:00.000Z", true)]
    [InlineData("9998-12-31T23:59:59.999Z", true)]
    [InlineData("9999-01-01T00:00:00.000Z", false)]
    public void ATimeGivenByHandLiesInTheYears2000To9998(string time, bool isTime) =>
        Assert.Equal(
            isTime,
            TaskBounds.IsTime(DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture))
        );

    [Fact]
    public void AnAgeCountsFromTheFirstDueTimeHoweverOftenTheTaskIsMoved()
    {
        var due = new DateTimeOffset(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
        var task = new TimedTask
        {
            Key = new TaskKey(new ShardId(1), due, "1.SH.tea:1:0"),
            Type = "refund",
            NextAt = due,
        };
        Assert.Equal(TimeSpan.Zero, task.AgeAt(due.AddMinutes(-1)));
        var moved = (task with { Attempts = 1 })
            .MovedTo(due.AddMinutes(2))
            .MovedTo(due.AddMinutes(12))
            .MovedByHand(due.AddMinutes(13));
        Assert.Equal((4, due.AddMinutes(13), due.AddMinutes(13)), (moved.Version, moved.Key.Due, moved.NextAt));
        Assert.Equal(TimeSpan.FromMinutes(20), moved.AgeAt(due.AddMinutes(20)));
        // What was never tried is first to run when a person says so.
        Assert.Equal(TimeSpan.FromMinutes(5), task.MovedByHand(due.AddHours(3)).AgeAt(due.AddHours(3).AddMinutes(5)));
    }
}
