using GroupBuyActors.Groups;
using GroupBuyActors.Setting;
using GroupBuyActors.Store.Tasks;

namespace GroupBuyActors.Tasks;

/// <summary>What hands do to a shard's firing changes nothing about those that come.</summary>
public sealed class FiringByHandTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly ShardId Shard = GroupId.Parse("10042.SH-PUDONG.tea-1123").Shard;

    /// <summary>
    /// The next firing used to be the one after the firing that was run early: the coming night had none.
    /// </summary>
    [Fact]
    public async Task AFiringThatIsRunNowComesAgainAtItsOwnTime()
    {
        await using var silo = await TestSilo.StartAsync();
        var tonight = await ScanAsync(silo);
        Assert.True(tonight.Key.Due - silo.Time.GetUtcNow() > TimeSpan.FromHours(1));
        for (var run = 1; run <= 2; run++)
        {
            Assert.Equal(TaskChangeOutcome.Done, await RunNowAsync(silo, tonight.Key.Id));
            await EndsAsync(silo, run);
            var again = await ScanAsync(silo);
            Assert.Equal((tonight.Key, 1 + 2 * run), (again.Key, again.Version));
        }

        silo.Time.Advance(tonight.Key.Due - silo.Time.GetUtcNow());
        var ends = await EndsAsync(silo, 3);
        Assert.All(ends, ending => Assert.Equal(TaskOutcomeStatus.Success, ending.Status));
        Assert.Equal(tonight.Key.Due.AddDays(1), (await ScanAsync(silo)).Key.Due);
    }

    /// <summary>
    /// Nothing scheduled the next one where a firing ended without a run: that shard's scan was over for good.
    /// </summary>
    [Fact]
    public async Task AFiringThatIsCalledOffIsFollowedByTheNext()
    {
        await using var silo = await TestSilo.StartAsync();
        var tonight = await ScanAsync(silo);
        Assert.Equal(TaskChangeOutcome.Done, await silo.Get<TaskOperations>().CancelAsync(tonight.Key.Id, None));
        Assert.Equal(TaskOutcomeStatus.Cancelled, Assert.Single(await EndsAsync(silo, 1)).Status);
        Assert.Equal(tonight.Key.Due.AddDays(1), (await ScanAsync(silo)).Key.Due);
    }

    [Fact]
    public async Task AFiringThatExpiresIsFollowedByTheNext()
    {
        var first = await TestSilo.StartAsync();
        var tonight = await ScanAsync(first);
        var change = new TaskPolicyChange { TimeToLive = TimeSpan.FromHours(1) };
        Assert.NotNull(
            (await first.Get<TaskPolicyRegistry>().ChangeAsync(VoucherScan.TypeName, change, null, "test", None)).Report
        );
        await first.StopAsync();
        first.Time.Advance(tonight.Key.Due.AddHours(3) - first.Time.GetUtcNow());
        await using var second = await TestSilo.StartAsync(first.File, first.Time);
        Assert.Equal(TaskOutcomeStatus.Expired, Assert.Single(await EndsAsync(second, 1)).Status);
        Assert.Equal(tonight.Key.Due.AddDays(1), (await ScanAsync(second)).Key.Due);
    }

    /// <summary>
    /// A second row of its id would be refused when it is due, for the run of its version was taken by the move.
    /// </summary>
    [Fact]
    public async Task AFiringThatWasGivenAnotherTimeIsNotStoredASecondTimeByWhoeverTakesItsShard()
    {
        var first = await TestSilo.StartAsync();
        var tonight = await ScanAsync(first);
        var sooner = tonight.Key.Due.AddMinutes(-30);
        Assert.Equal(
            TaskChangeOutcome.Done,
            await first.Get<TaskOperations>().RescheduleAsync(tonight.Key.Id, sooner, None)
        );
        await first.StopAsync();
        await using var second = await TestSilo.StartAsync(first.File, first.Time);
        var rows = await second
            .Get<ITaskStore>()
            .ListAsync(new TaskFilter(VoucherScan.TypeName, Shard), null, 10, None);
        Assert.Equal(sooner, Assert.Single(rows.Items).Key.Due);
    }

    /// <summary>The row of the next one is there a moment before the run that stored it has ended.</summary>
    private static async Task<TaskChangeOutcome> RunNowAsync(TestSilo silo, string id)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        TaskChangeOutcome outcome;
        while ((outcome = await silo.Get<TaskOperations>().RunNowAsync(id, None)) == TaskChangeOutcome.Running)
            await Task.Delay(10, bound.Token);
        return outcome;
    }

    private static async Task<IReadOnlyList<TaskOutcome>> EndsAsync(TestSilo silo, int count)
    {
        using var bound = new CancellationTokenSource(4 * TestSilo.Bound);
        while (true)
        {
            var ends = (
                await silo.Get<ITaskOutcomes>()
                    .SearchAsync(new TaskOutcomeFilter { Type = VoucherScan.TypeName, Shard = Shard }, null, 10, None)
            ).Items;
            if (ends.Count >= count)
                return ends;
            await Task.Delay(10, bound.Token);
        }
    }

    private static async Task<TimedTask> ScanAsync(TestSilo silo)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (true)
        {
            var rows = (
                await silo.Get<ITaskStore>().ListAsync(new TaskFilter(VoucherScan.TypeName, Shard), null, 10, None)
            ).Items;
            if (rows.Count == 1 && rows[0].NextAt > silo.Time.GetUtcNow())
                return rows[0];
            await Task.Delay(10, bound.Token);
        }
    }
}
