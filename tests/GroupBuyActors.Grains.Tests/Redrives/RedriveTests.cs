using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Ports;
using GroupBuyActors.Reading;
using GroupBuyActors.Retention;
using GroupBuyActors.Setting;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Redrives;

/// <summary>Redrives of many dead letters, as a durable actor.</summary>
public sealed class RedriveTests
{
    private const string Id = "0123456789abcdef0123456789abcdef";
    private static readonly ActorId Redrive = new(RedriveBehavior.Kind, Id);
    private static readonly ActorId Tea = ActorId.Parse("groups:10042.SH.tea");
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly RedriveOrder TenASecond = new() { Type = HttpCallback.TypeName, RatePerSecond = 10 };

    /// <summary>Where a silo dies.</summary>
    public enum Moment
    {
        /// <summary>Before the fifth letter of a page is redriven.</summary>
        AtALetter,

        /// <summary>All letters of a page are redriven, and that is not recorded.</summary>
        BeforeTheRecord,

        /// <summary>The page is recorded, and nobody heard of it.</summary>
        AfterTheRecord,
    }

    [Fact]
    public async Task APageASecondIsRedrivenUntilTheLast()
    {
        var publisher = new ScriptedPublisher();
        await using var silo = await TestSilo.StartAsync(services: services =>
            services.AddSingleton<IEventPublisher>(publisher)
        );
        await LettersAsync(silo, 25);
        var started = await Grain(silo).Start(TenASecond);
        Assert.Equal(("running", 25, 10), (started.Status, started.Total, started.RatePerSecond));
        Assert.Equal(TestSilo.Evening, started.StartedAt);
        await UntilAsync(silo, report => report.Done == 10);
        silo.Time.Advance(Second);
        await UntilAsync(silo, report => report.Done == 20);
        silo.Time.Advance(Second);
        var ended = await UntilAsync(silo, report => report.Status == "completed");
        Assert.Equal(started with { Status = "completed", Done = 25, EndedAt = TestSilo.Evening + 2 * Second }, ended);
        Assert.Equal(
            ["redrive.started", "redrive.page-done", "redrive.page-done", "redrive.page-done", "redrive.ended"],
            (await HistoryAsync(silo)).Select(row => row.Type)
        );
        Assert.Equal(25, await RedrivenAsync(silo));
        Assert.Empty(await PageTasksAsync(silo));

        // What is the engine's own is nobody's outside, and holds up no cursor.
        await silo.RelayedAsync();
        Assert.Empty(publisher.Log);
        Assert.Equal(ended, await Grain(silo).Start(new RedriveOrder()));
        Assert.Equal(ended, await Grain(silo).Stop());
    }

    [Fact]
    public async Task StartingTheSameIdTwiceGivesTheFirstReport()
    {
        await using var silo = await TestSilo.StartAsync();
        await LettersAsync(silo, 3);
        var reports = await Task.WhenAll(
            Enumerable.Range(1, 5).Select(n => Grain(silo).Start(TenASecond with { RatePerSecond = n }))
        );
        var first = Assert.Single(reports.Select(report => report.RatePerSecond).Distinct());
        Assert.Equal((3, first), (reports[0].Total, (await Grain(silo).GetReport())!.RatePerSecond));
        Assert.Single(await HistoryAsync(silo), row => row.Type == "redrive.started");
    }

    [Fact]
    public async Task OtherSilosGoOnBetweenTwoPagesFromSnapshotAndEvents()
    {
        var first = await TestSilo.StartAsync();
        await LettersAsync(first, 60);
        await Grain(first).Start(TenASecond with { RatePerSecond = 1 });
        await first.AdvanceUntilAsync(Second, () => UntilAsync(first, report => report.Done >= 53));
        await first.StopAsync();
        var second = await TestSilo.StartAsync(first.File, first.Time);
        Assert.True((await second.Get<IActorReader>().LoadAsync(Redrive, default)).SnapshotSequence > 50);
        await second.AdvanceUntilAsync(Second, () => UntilAsync(second, report => report.Done >= 55));
        await second.KillAsync();
        await using var third = await TestSilo.StartAsync(first.File, first.Time);
        Assert.Equal("running", (await Grain(third).GetReport())!.Status);
        await CompletedAsync(third, done: 60, refused: 0);
        Assert.Equal(60, await RedrivenAsync(third));
    }

    [Theory]
    [InlineData(Moment.AtALetter)]
    [InlineData(Moment.BeforeTheRecord)]
    [InlineData(Moment.AfterTheRecord)]
    public async Task NoLetterIsCountedTwiceOrNotAtAllWhereTheSiloDiesInAPage(Moment moment)
    {
        var first = await TestSilo.StartAsync();
        await LettersAsync(first, 25);
        await Grain(first).Start(TenASecond);
        await UntilAsync(first, report => report.Done == 10);
        await DieAsync(first, moment);
        await using var second = await TestSilo.StartAsync(first.File, first.Time);
        await CompletedAsync(second, done: 25, refused: 0);
    }

    [Fact]
    public async Task StopEndsAPageThatIsUnderWayAndItsCountsAreRight()
    {
        await using var silo = await TestSilo.StartAsync();
        await LettersAsync(silo, 60);
        var (reached, held) = (Source(), Source());
        var letters = 0;
        silo.Committer.Around = (commit, make) =>
            IsLetter(commit) && Interlocked.Increment(ref letters) == 5 ? HeldAsync(make) : null;
        await Grain(silo).Start(TenASecond with { RatePerSecond = 50 });
        await reached.Task.WaitAsync(TestSilo.Bound);
        var stopped = await Grain(silo).Stop();
        Assert.Equal(("stopped", 0), (stopped!.Status, stopped.Done));
        Assert.Equal("stopped", (await Grain(silo).GetReport())!.Status);
        held.SetResult();
        var after = await UntilAsync(silo, report => report.Done > 0);
        Assert.Equal(stopped with { Done = 20 }, after);
        Assert.Equal(20, await RedrivenAsync(silo));
        Assert.Empty(await PageTasksAsync(silo));

        async Task<CommitResult> HeldAsync(Func<Task<CommitResult>> make)
        {
            reached.SetResult();
            await held.Task;
            return await make();
        }
    }

    [Fact]
    public async Task StopBetweenTwoPagesLeavesTheRestAndTheTaskOfTheNextPageGoes()
    {
        await using var silo = await TestSilo.StartAsync();
        await LettersAsync(silo, 25);
        await Grain(silo).Start(TenASecond);
        var before = await UntilAsync(silo, report => report.Done == 10);
        var stopped = await Grain(silo).Stop();
        Assert.Equal(before with { Status = "stopped", EndedAt = TestSilo.Evening }, stopped);
        await silo.AdvanceUntilAsync(
            Second,
            async () =>
            {
                while ((await PageTasksAsync(silo)).Count > 0)
                    await Task.Delay(5);
            }
        );
        Assert.Equal(stopped, await Grain(silo).GetReport());
        Assert.Equal(10, await RedrivenAsync(silo));
        Assert.Equal("redrive.ended", (await HistoryAsync(silo))[^1].Type);
    }

    [Fact]
    public async Task ALetterThatThrowsOnceHoldsUpItsPageAndIsCountedOnce()
    {
        await using var silo = await TestSilo.StartAsync();
        await LettersAsync(silo, 25);
        var thrown = 0;
        silo.Committer.Around = (commit, _) =>
            IsLetter(commit, LetterId(14)) && Interlocked.Increment(ref thrown) == 1 ? ThrowAsync() : null;
        await Grain(silo).Start(TenASecond);
        await CompletedAsync(silo, done: 25, refused: 0);
        Assert.Equal(2, thrown);
    }

    [Fact]
    public async Task ALetterThatThrowsEachTimeIsRefusedInTheEndAndAllOthersAreRedriven()
    {
        await using var silo = await TestSilo.StartAsync();
        await LettersAsync(silo, 25);
        var thrown = 0;
        silo.Committer.Around = (commit, _) =>
            IsLetter(commit, LetterId(14)) && Interlocked.Increment(ref thrown) > 0 ? ThrowAsync() : null;
        await Grain(silo).Start(TenASecond);
        await CompletedAsync(silo, done: 24, refused: 1);
        Assert.Equal(RedrivePages.TriesMax, thrown);
        Assert.Equal(24, await RedrivenAsync(silo));
    }

    [Fact]
    public async Task ARedriveLeavesSomeTimeAfterItsEndAndNotWhileItRuns()
    {
        await using var silo = await TestSilo.StartAsync();
        await LettersAsync(silo, 25);
        await Grain(silo).Start(TenASecond);
        await UntilAsync(silo, report => report.Done == 10);
        Assert.Null(await silo.Client.GetGrain<IRedriveTasks>(Id).Remove(DateTimeOffset.MaxValue));
        await CompletedAsync(silo, done: 25, refused: 0);
        var group = await silo.PublishAsync("10042.SH.later");
        silo.Get<IOptions<GrainsOptions>>().Value.Retention.Groups = TimeSpan.FromDays(10_000);
        var retention = silo.Get<RetentionService>();
        silo.Time.Advance(TimeSpan.FromDays(89));
        await CommitBehindAsync(silo);
        Assert.Equal(0, (await retention.RemoveAllAsync(default))["redrives"]);
        Assert.Equal("completed", (await Grain(silo).GetReport())!.Status);

        silo.Time.Advance(TimeSpan.FromDays(2));
        await CommitBehindAsync(silo);
        Assert.Equal(1, (await retention.RemoveAllAsync(default))["redrives"]);
        Assert.Null(await Grain(silo).GetReport());
        Assert.Empty(await HistoryAsync(silo));
        Assert.Null((await silo.Get<IActorReader>().LoadAsync(Redrive, default)).Snapshot);
        Assert.Equal(0, (await retention.RemoveAllAsync(default))["redrives"]);
        Assert.NotNull((await group.Get()).Value);
    }

    [Fact]
    public async Task AMadeUpIdLeavesNothingInMemoryOrStore()
    {
        await using var silo = await TestSilo.StartAsync();
        var management = silo.Client.GetGrain<IManagementGrain>(0);
        await Parallel.ForAsync(
            0,
            500,
            async (n, _) =>
            {
                var grain = silo.Client.GetGrain<IRedriveGrain>($"made-up-{n}");
                Assert.Null(n % 2 == 0 ? await grain.GetReport() : await grain.Stop());
            }
        );
        Assert.Equal(0, await silo.Get<IActorReader>().HeadAsync(new ActorId("redrives", "made-up-1"), default));
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (
            (await management.GetDetailedGrainStatistics()).Any(grain =>
                grain.GrainId.ToString().Contains("made-up-", StringComparison.Ordinal)
            )
        )
            await Task.Delay(20, bound.Token);
    }

    private static IRedriveGrain Grain(TestSilo silo) => silo.Client.GetGrain<IRedriveGrain>(Id);

    private static async Task<RedriveReport> UntilAsync(TestSilo silo, Func<RedriveReport, bool> expected)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        for (RedriveReport? seen = null; ; await Task.Delay(5, CancellationToken.None))
        {
            if ((seen = await Grain(silo).GetReport()) is not null && expected(seen))
                return seen;
            Assert.False(bound.IsCancellationRequested, $"Still {seen}.");
        }
    }

    private static async Task CompletedAsync(TestSilo silo, int done, int refused)
    {
        var completed = UntilAsync(silo, report => report.Status == "completed");
        await silo.AdvanceUntilAsync(Second, () => completed);
        var report = await completed;
        Assert.Equal((done, refused), (report.Done, report.Refused));
        await silo.AdvanceUntilAsync(
            Second,
            async () =>
            {
                while ((await PageTasksAsync(silo)).Count > 0)
                    await Task.Delay(5);
            }
        );
    }

    /// <summary>Lets the silo die in the next page.</summary>
    private static async Task DieAsync(TestSilo silo, Moment moment)
    {
        var (reached, letters) = (Source(), 0);
        silo.Committer.Around = (commit, make) =>
            IsAt(commit) ? DiedAsync(make, moment == Moment.AfterTheRecord) : null;
        silo.Time.Advance(Second);
        await reached.Task.WaitAsync(TestSilo.Bound);
        await silo.KillAsync();

        bool IsAt(Commit commit) =>
            moment == Moment.AtALetter
                ? IsLetter(commit) && Interlocked.Increment(ref letters) == 5
                : commit.Actor == Redrive;

        async Task<CommitResult> DiedAsync(Func<Task<CommitResult>> make, bool isMade)
        {
            if (isMade)
                await make();
            reached.TrySetResult();
            return await new TaskCompletionSource<CommitResult>().Task;
        }
    }

    private static TaskCompletionSource Source() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static Task<CommitResult> ThrowAsync() =>
        Task.FromException<CommitResult>(new IOException("This letter cannot be redriven."));

    private static bool IsLetter(Commit commit, string? id = null) =>
        commit.Actor is null
        && commit.Schedules.Any(task => task.Type == HttpCallback.TypeName && (id is null || task.Key.Id == id));

    private static string LetterId(int n) => TaskIds.Of(Tea, n, HttpCallback.TypeName);

    /// <summary>Dead letters that nobody runs once they are redriven.</summary>
    private static Task LettersAsync(TestSilo silo, int count) =>
        CommitAsync(
            silo,
            Tea.Shard,
            [
                .. Enumerable
                    .Range(1, count)
                    .Select(n => new TaskOutcome
                    {
                        TaskId = LetterId(n),
                        EndedAt = silo.Time.GetUtcNow().AddMinutes(-1).AddMilliseconds(-n),
                        Status = TaskOutcomeStatus.Dead,
                        Type = HttpCallback.TypeName,
                        Shard = Tea.Shard,
                        Account = Tea.Account,
                        Actor = Tea,
                        Due = silo.Time.GetUtcNow().AddMinutes(-2),
                        Payload = "{}"u8.ToArray(),
                    }),
            ]
        );

    /// <summary>The last row of a stream stays, so something comes behind the redrive's.</summary>
    private static async Task CommitBehindAsync(TestSilo silo)
    {
        await CommitAsync(silo, Redrive.Shard, []);
        await silo.RelayedAsync();
    }

    private static async Task CommitAsync(TestSilo silo, ShardId shard, IReadOnlyList<TaskOutcome> ends)
    {
        var now = silo.Time.GetUtcNow();
        var committed = await silo.Committer.CommitAsync(
            silo.Committer.TryReserve(shard)!,
            new Commit
            {
                Id = Guid.NewGuid(),
                Shard = shard,
                Token = new ActivationToken(),
                Run = new TaskRun(new TaskKey(shard, now, LetterId(0)), 1),
                Outcomes = ends,
            }
        );
        Assert.Equal(CommitStatus.Committed, committed.Status);
    }

    private static Task<int> RedrivenAsync(TestSilo silo) =>
        silo.Get<ITaskOutcomes>().CountAsync(TenASecond.Filter() with { Redriven = true }, 1_000, default);

    private static Task<IReadOnlyList<JournalRow>> HistoryAsync(TestSilo silo) =>
        silo.Get<IActorReader>().HistoryAsync(Redrive, 0, 1_000, default);

    private static async Task<IReadOnlyList<TimedTask>> PageTasksAsync(TestSilo silo) =>
        (await silo.Get<ITaskStore>().ListAsync(new TaskFilter(RedrivePages.TypeName), null, 10, default)).Items;
}
