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

    /// <summary>
    /// A payload has up to 4,096 bytes: 200 skipped firings with it are more than the smallest commit.
    /// </summary>
    [Fact]
    public void SkippedFiringsWithALargePayloadFitIntoTheSmallestCommit()
    {
        var definition = new ScheduleChange { Expression = "* * * * * *", Spread = TimeSpan.Zero }.Apply(
            VoucherScan.Daily with
            {
                Payload = LargePayload(),
            }
        );
        var time = new FakeTimeProvider(TestSilo.Evening.AddDays(1));
        var firings = new CronScheduler(
            null!,
            null!,
            new ClusterClock(time),
            new IdGenerator(),
            new ScheduleRegistry(TaskRegistrations.Types, [definition]),
            NullLogger<CronScheduler>.Instance
        );
        var ran = new Schedule(definition).Firing(new ShardId(7), TestSilo.Evening);
        var due = new DueTask(ran, TaskRegistrations.Types.Of(ran.Type).Policy, 0, time.GetUtcNow(), 0.5);
        var result = (HandlerResult.Finished)firings.Conclude(due, TestSilo.Evening);
        var commit = new Commit
        {
            Id = default,
            Shard = ran.Key.Shard,
            Token = new ActivationToken(),
            Removals = [ran.Row],
            Schedules = result.Schedules,
            Outcomes = [TaskOutcome.Of(ran, TaskOutcomeStatus.Success, time.GetUtcNow(), null), .. result.Outcomes],
        };
        Assert.InRange(CommitSize.Of(commit), 1, CommitBytes.LeastMax);
        Assert.InRange(result.Outcomes.Count, 10, 200);
        Assert.Equal("misfire-older", result.Outcomes.MinBy(outcome => outcome.Due)!.Error);
        Assert.Equal(time.GetUtcNow(), result.Outcomes.Max(outcome => outcome.Due));
    }

    [Fact]
    public void FirstFiringsWithALargePayloadAreStoredInPartsThatFitIntoTheSmallestCommit()
    {
        var schedule = new Schedule(VoucherScan.Daily with { Payload = LargePayload() });
        List<TimedTask> firings =
        [
            .. Enumerable.Range(0, 256).Select(shard => schedule.Firing(new ShardId(shard), TestSilo.Evening)),
        ];
        var parts = CronScheduler.Parts(firings).ToList();
        Assert.Equal(firings, parts.SelectMany(part => part));
        Assert.All(
            parts,
            part =>
                Assert.InRange(
                    CommitBytes.Fixed + part.Sum(CommitBytes.OfTask),
                    CommitBytes.Fixed + 1,
                    CommitBytes.LeastMax
                )
        );
        Assert.Empty(CronScheduler.Parts([]));
        var small = new Schedule(VoucherScan.Daily);
        Assert.Single(
            CronScheduler.Parts(
                Enumerable.Range(0, 256).Select(shard => small.Firing(new ShardId(shard), TestSilo.Evening))
            )
        );
    }

    private static byte[] LargePayload() =>
        System.Text.Encoding.UTF8.GetBytes($$"""{"text":"{{new string('x', ScheduleDefinition.PayloadMax - 20)}}"}""");
}
