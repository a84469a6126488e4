using GroupBuyActors.Groups;
using GroupBuyActors.Placement;
using GroupBuyActors.Retention;
using GroupBuyActors.Setting;
using GroupBuyActors.Store.Retention;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors;

/// <summary>What is over leaves, at its time, and is felt by nobody.</summary>
public sealed class RetentionTests
{
    private const string Id = "10042.SH-PUDONG.tea-1123";

    [Fact]
    public async Task RunsOfTasksLeaveAfterTheirTimeAndNotBefore()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 2);
        foreach (var user in (string[])["user-1", "user-2"]) await group.Join(new JoinGroup(user));
        await silo.Ports.CalledAsync("notice:", 2);
        silo.Time.Advance(TimeSpan.FromDays(7));
        var early = await silo.Get<RetentionService>().RunOnceAsync(default);
        Assert.Equal(0, early["task-runs"]);

        silo.Time.Advance(TimeSpan.FromDays(2));
        var late = await silo.Get<RetentionService>().RunOnceAsync(default);
        Assert.True(late["task-runs"] >= 2, $"{late["task-runs"]} runs");
        Assert.Null((await (await silo.PublishAsync("10042.SH-PUDONG.later")).Join(new JoinGroup("user-1"))).Refusal);
    }

    [Fact]
    public async Task AKindThatFailsIsTriedAgainAndHoldsUpNoOther()
    {
        await using var silo = await TestSilo.StartAsync();
        var time = new FakeTimeProvider(TestSilo.Evening);
        var (failing, steady) = (new ScriptedKind("failing", failures: 3, backlog: 1_000), new ScriptedKind("steady", failures: 0, backlog: 5_000));
        var service = new RetentionService([failing, steady], silo.Get<Homes>(), silo.Get<ILocalSiloDetails>(), time, new RetentionMetrics(new NoMeters()), NullLogger<RetentionService>.Instance);
        using var stop = new CancellationTokenSource();
        var running = service.RunAsync(stop.Token);
        await TestSilo.AdvanceUntilAsync(time, TimeSpan.FromSeconds(1), steady.Empty);
        Assert.InRange(failing.Failed, 1, 3);
        await TestSilo.AdvanceUntilAsync(time, TimeSpan.FromSeconds(1), failing.Empty);
        Assert.Equal((3, 1_000, 5_000), (failing.Failed, failing.Removed, steady.Removed));
        Assert.All([failing, steady], kind => Assert.InRange(kind.LargestStep, 1, PurgePace.RowsMax));
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    /// <summary>A kind with so many rows to remove, that fails so many times first.</summary>
    private sealed class ScriptedKind(string kind, int failures, int backlog) : IRetainedKind
    {
        private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Kind => kind;

        public Task Empty => _empty.Task;

        public int Failed { get; private set; }

        public int Removed { get; private set; }

        public int LargestStep { get; private set; }

        public Task<PurgeStep> StepAsync(int rowsMax, CancellationToken cancellation)
        {
            if (Failed < failures)
            {
                Failed++;
                throw new InvalidOperationException("As scripted.");
            }

            var rows = Math.Min(rowsMax, backlog - Removed);
            (Removed, LargestStep) = (Removed + rows, Math.Max(LargestStep, rows));
            if (Removed == backlog) _empty.TrySetResult();
            return Task.FromResult(new PurgeStep(rows, rows < rowsMax));
        }
    }
}
