using GroupBuyActors.Committing;
using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Schedules;
using GroupBuyActors.Setting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Tasks;

/// <summary>What the end of a schedule's run tells of.</summary>
public sealed class CronSchedulerTests
{
    /// <summary>
    /// Told one by one without a bound, they would not fit into the commit that ends the run, and the schedule would
    /// stand still for ever.
    /// </summary>
    [Fact]
    public void FiringsMissedInALongStandstillFitIntoTheCommitThatEndsTheRun()
    {
        var everySecond = new ScheduleChange { Expression = "* * * * * *", Spread = TimeSpan.Zero };
        var time = new FakeTimeProvider(TestSilo.Evening.AddDays(1));
        var firings = new CronScheduler(
            null!,
            null!,
            new ClusterClock(time),
            new IdGenerator(),
            new ScheduleRegistry(TaskRegistrations.Types, [everySecond.Apply(VoucherScan.Daily)]),
            NullLogger<CronScheduler>.Instance
        );
        var ran = new TimedTask
        {
            Key = new TaskKey(
                new ShardId(7),
                TestSilo.Evening,
                TaskIds.Of(VoucherScan.TypeName, new ShardId(7), TestSilo.Evening)
            ),
            Type = VoucherScan.TypeName,
            NextAt = TestSilo.Evening,
        };
        var result = (HandlerResult.Finished)
            firings.Conclude(
                new DueTask(ran, TaskRegistrations.Types.Of(ran.Type).Policy, 0, time.GetUtcNow(), 0.5),
                TestSilo.Evening
            );
        var told = result.Outcomes;
        Assert.Equal(200, told.Count);
        Assert.True(told.Sum(end => CommitBytes.OfOutcome(end.Payload.Length, end.Error)) < CommitBytes.LeastMax);
        Assert.Equal("misfire-older", told.MinBy(end => end.Due)!.Error);
        Assert.Equal(TestSilo.Evening.AddSeconds(1), told.Min(end => end.Due));
        Assert.Equal(time.GetUtcNow(), told.Max(end => end.Due));
        Assert.Single(result.Schedules);
    }
}
