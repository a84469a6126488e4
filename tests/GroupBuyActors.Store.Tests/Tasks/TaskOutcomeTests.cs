using System.Globalization;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tests.Tasks;

public sealed class SqliteTaskOutcomeTests(SqliteFiles files) : TaskOutcomeTests(files);

public sealed class MySqlTaskOutcomeTests(MariaDb server) : TaskOutcomeTests(server);

/// <summary>Endings as operators search, count, redrive and keep them.</summary>
public abstract class TaskOutcomeTests(IDatabaseFixture databases)
{
    private static readonly DateOnly Today = DateOnly.FromDateTime(Samples.Noon.UtcDateTime);
    private static readonly GroupId Tea = GroupId.Parse("10042.SH-PUDONG.tea-1123");

    [Fact]
    public async Task TheNewestEndingOfATaskIsFound()
    {
        await using var store = await TestStore.NewAsync(databases);
        var first = Samples.Ending(
            "10042.SH-PUDONG.tea-1123:4:0",
            Samples.Noon.AddDays(-3),
            group: Tea,
            error: "Zoë: 退款 failed"
        );
        await store.EndAsync(first);
        await store.EndAsync(first with { EndedAt = Samples.Noon, Version = 5, Status = TaskOutcomeStatus.Cancelled });
        await store.EndAsync(Samples.Ending("another"));
        var found = (await store.Outcomes.FindAsync(first.TaskId, default))!;
        Assert.Equal((TaskOutcomeStatus.Cancelled, 5, Samples.Noon), (found.Status, found.Version, found.EndedAt));
        Assert.Equal(
            (Tea.Actor, 10042L, Tea.Shard, first.Error),
            (found.Actor!.Value, found.Account!.Value, found.Shard, found.Error)
        );
        Assert.Equal(
            (first.Due, 3, "{}"),
            (found.Due, found.Attempts, System.Text.Encoding.UTF8.GetString(found.Payload.Span))
        );
        Assert.Null(await store.Outcomes.FindAsync("nothing", default));
        // A server compares no other text with its ids, and takes the second for one that is there.
        Assert.Null(await store.Outcomes.FindAsync("龙", default));
        Assert.Null(await store.Outcomes.FindAsync($"{first.TaskId} ", default));
    }

    [Fact]
    public async Task ASearchGivesWhatPassesTheFilterNewestFirst()
    {
        await using var store = await TestStore.NewAsync(databases);
        TaskOutcome[] all =
        [
            Samples.Ending("a", Samples.Noon.AddSeconds(1), group: Tea, error: "timeout of the provider"),
            Samples.Ending("b", Samples.Noon.AddSeconds(2), TaskOutcomeStatus.Expired, type: "notify", merchant: 10042),
            Samples.Ending("c", Samples.Noon.AddSeconds(3), TaskOutcomeStatus.Success, type: "voucher-scan", shard: 99),
            Samples.Ending("d", Samples.Noon.AddDays(-2), group: Tea, error: "100%_refused"),
            Samples.Ending("e", Samples.Noon.AddDays(-2).AddMilliseconds(1), TaskOutcomeStatus.Cancelled, merchant: 7),
        ];
        foreach (var end in all)
            await store.EndAsync(end);
        await store.Outcomes.MarkRedrivenAsync([all[0].Key], Samples.Noon.AddHours(1), default);

        (TaskOutcomeFilter Filter, string Ids)[] expected =
        [
            (new(), "c b a e d"),
            (new() { Status = TaskOutcomeStatus.Dead }, "a d"),
            (new() { Type = "refund" }, "a e d"),
            (new() { Type = "refund", Status = TaskOutcomeStatus.Cancelled }, "e"),
            (new() { Account = 10042 }, "b a d"),
            (new() { Account = 10042, Type = "notify" }, "b"),
            (new() { Actor = Tea.Actor }, "a d"),
            (new() { Actor = Tea.Actor, Account = 7 }, ""),
            (new() { Shard = new ShardId(99) }, "c"),
            (new() { From = Samples.Noon.AddDays(-2).AddMilliseconds(1) }, "c b a e"),
            (new() { To = Samples.Noon.AddSeconds(2) }, "a e d"),
            (new() { From = Samples.Noon.AddSeconds(1), To = Samples.Noon.AddSeconds(3) }, "b a"),
            (new() { ErrorContains = "timeout" }, "a"),
            (new() { ErrorContains = "TIMEOUT" }, ""),
            (new() { ErrorContains = "%_" }, "d"),
            (new() { Redriven = true }, "a"),
            (new() { RedrivenFrom = Samples.Noon.AddHours(1) }, "a"),
            (new() { RedrivenFrom = Samples.Noon.AddHours(1).AddMilliseconds(1) }, ""),
            (new() { Redriven = false, Status = TaskOutcomeStatus.Dead }, "d"),
            (
                new()
                {
                    Status = TaskOutcomeStatus.Dead,
                    Type = "refund",
                    Account = 10042,
                    Actor = Tea.Actor,
                    Shard = Tea.Shard,
                    From = Samples.Noon,
                    ErrorContains = "of the",
                    Redriven = true,
                },
                "a"
            ),
        ];
        foreach (var (filter, ids) in expected)
        {
            Assert.Equal(
                (filter, ids),
                (filter, string.Join(' ', (await AllAsync(store, filter, 2)).Select(end => end.TaskId)))
            );
            Assert.Equal(
                ids.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length,
                await store.Outcomes.CountAsync(filter, 100, default)
            );
        }

        Assert.Equal(2, await store.Outcomes.CountAsync(new TaskOutcomeFilter(), 2, default));
    }

    [Fact]
    public async Task PagesNeitherRepeatNorLeaveOutAnythingWhileMoreEnds()
    {
        await using var store = await TestStore.NewAsync(databases);
        // Equal instants, and one task ended twice in one of them: the whole key decides.
        for (var n = 0; n < 30; n++)
            await store.EndAsync(
                Samples.Ending($"t-{n / 2:D2}", Samples.Noon.AddMilliseconds(n / 10), version: n % 2 + 1)
            );
        foreach (var limit in new[] { 1, 7, 30 })
        {
            var before = await store.NumberAsync($"select count(*) from task_outcome");
            var seen = new List<TaskOutcome>();
            for (Page<TaskOutcome>? page = null; page is null || page.Next is not null; seen.AddRange(page.Items))
            {
                page = await store.Outcomes.SearchAsync(
                    new TaskOutcomeFilter { Type = "refund" },
                    page?.Next,
                    limit,
                    default
                );
                await store.EndAsync(Samples.Ending($"newer-{limit}-{seen.Count}", Samples.Noon.AddSeconds(1)));
            }

            Assert.Equal(before, seen.Count);
            Assert.Equal(before, seen.Select(end => end.Key).Distinct().Count());
            Assert.Equal(
                seen.OrderByDescending(end => end.EndedAt)
                    .ThenByDescending(end => end.TaskId, StringComparer.Ordinal)
                    .ThenByDescending(end => end.Version)
                    .Select(end => end.Key),
                seen.Select(end => end.Key)
            );
        }
    }

    [Fact]
    public async Task ASearchForARareErrorLooksAtABoundedNumberOfRowsAPage()
    {
        await using var store = await TestStore.NewAsync(databases);
        await store.ManyEndingsAsync(rounds: 12);
        await store.EndAsync(Samples.Ending("rare", Samples.Noon.AddDays(-1), error: "The account is closed."));
        var filter = new TaskOutcomeFilter { Status = TaskOutcomeStatus.Dead, ErrorContains = "account" };
        var first = await store.Outcomes.SearchAsync(filter, null, 50, default);
        Assert.Empty(first.Items);
        Assert.NotNull(first.Next);
        var second = await store.Outcomes.SearchAsync(filter, first.Next, 50, default);
        Assert.Equal("rare", Assert.Single(second.Items).TaskId);
        Assert.Null(second.Next);

        Assert.Equal(1, await store.Outcomes.CountAsync(filter, 1000, default));
        Assert.Equal(
            12 * ShardId.Count,
            await store.Outcomes.CountAsync(new TaskOutcomeFilter { ErrorContains = "provider" }, 1_000_000, default)
        );
        Assert.Equal(
            21_000,
            await store.Outcomes.CountAsync(new TaskOutcomeFilter { ErrorContains = "provider" }, 21_000, default)
        );
        Assert.Equal(1_000, await store.Outcomes.CountAsync(new TaskOutcomeFilter(), 1_000, default));
    }

    [Theory]
    [InlineData("")]
    [InlineData("%%%")]
    [InlineData("dGFzay1lbmRzCjEKeA")]
    public async Task AMarkThatIsNoneIsTold(string mark)
    {
        await using var store = await TestStore.NewAsync(databases);
        await Assert.ThrowsAsync<FormatException>(() =>
            store.Outcomes.SearchAsync(new TaskOutcomeFilter(), mark, 5, default)
        );
    }

    [Fact]
    public async Task ARedriveIsNotedOnce()
    {
        await using var store = await TestStore.NewAsync(databases);
        var ends = Enumerable
            .Range(0, 600)
            .Select(n => Samples.Ending(n.ToString(CultureInfo.InvariantCulture)))
            .ToList();
        foreach (var end in ends.Take(3))
            await store.EndAsync(end);
        Assert.Equal(1, await store.Outcomes.MarkRedrivenAsync([ends[1].Key], Samples.Noon, default));
        Assert.Equal(
            2,
            await store.Outcomes.MarkRedrivenAsync([.. ends.Select(end => end.Key)], Samples.Noon.AddHours(1), default)
        );
        Assert.Equal(Samples.Noon, (await store.Outcomes.FindAsync("1", default))!.RedrivenAt);
        Assert.Equal(Samples.Noon.AddHours(1), (await store.Outcomes.FindAsync("2", default))!.RedrivenAt);
        Assert.Equal(0, await store.Outcomes.MarkRedrivenAsync([], Samples.Noon, default));
    }

    [Fact]
    public async Task EndingsGoByAgeAndTheirDaysMayComeAgain()
    {
        await using var store = await TestStore.NewAsync(databases);
        await store.Outcomes.MaintainAsync(Today.AddDays(-40), 30, 40, ["refund", "payment-check"], default);
        for (var days = -40; days <= 0; days++)
        for (var n = 0; n < 3; n++)
            await store.EndAsync(Samples.Ending($"{days}-{n}", Samples.Noon.AddDays(days), type: "notify"));

        var maintenance = await store.Outcomes.MaintainAsync(Today, 30, 30, ["refund", "payment-check"], default);
        Assert.Equal((10, true), (maintenance.Dropped, maintenance.Complete));
        Assert.Equal(31 * 3, await store.NumberAsync($"select count(*) from task_outcome"));
        Assert.Equal(Samples.Noon.AddDays(-30), (await AllAsync(store, new TaskOutcomeFilter(), 50))[^1].EndedAt);
        Assert.Equal(
            new TaskOutcomeMaintenance(0, 0, true),
            await store.Outcomes.MaintainAsync(Today, 30, 30, ["refund", "payment-check"], default)
        );

        // A clock that was behind: an old day is taken and goes with the next to go.
        await store.EndAsync(Samples.Ending("late", Samples.Noon.AddDays(-35), type: "notify"));
        Assert.NotNull(await store.Outcomes.FindAsync("late", default));
        Assert.InRange(
            (
                await store.Outcomes.MaintainAsync(Today.AddDays(1), 30, 30, ["refund", "payment-check"], default)
            ).Dropped,
            1,
            2
        );
        Assert.Null(await store.Outcomes.FindAsync("late", default));
    }

    /// <summary>They used to go after 30 days, and with them the last trace of the money.</summary>
    [Fact]
    public async Task LettersAboutMoneyStayUntilSomebodyDecidesAndGoThatLongAfter()
    {
        await using var store = await TestStore.NewAsync(databases);
        await store.Outcomes.MaintainAsync(Today, 30, 30, ["refund", "payment-check"], default);
        var (redriven, dismissed) = (
            Samples.Ending("redriven", version: 3),
            Samples.Ending("dismissed", type: "payment-check")
        );
        TaskOutcome[] all =
        [
            redriven,
            dismissed,
            Samples.Ending("undecided", group: Tea),
            Samples.Ending("cancelled", status: TaskOutcomeStatus.Cancelled),
            Samples.Ending("notice", type: "notify"),
            Samples.Ending("redriven at once", merchant: 5),
        ];
        foreach (var end in all)
            await store.EndAsync(end);
        await store.Outcomes.MarkRedrivenAsync([all[^1].Key], Samples.Noon, default);
        await store.Outcomes.MaintainAsync(Today.AddDays(30), 30, 30, ["refund", "payment-check"], default);
        Assert.Equal(6, await store.NumberAsync($"select count(*) from task_outcome"));

        await store.Outcomes.MaintainAsync(Today.AddDays(31), 30, 30, ["refund", "payment-check"], default);
        string[] kept = ["dismissed", "redriven", "undecided"];
        Assert.Equal(
            kept,
            (await AllAsync(store, new TaskOutcomeFilter(), 2)).Select(end => end.TaskId).Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            kept,
            (await AllAsync(store, new TaskOutcomeFilter { From = Samples.Noon, To = Samples.Noon.AddDays(1) }, 2))
                .Select(end => end.TaskId)
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            "undecided",
            Assert.Single(await AllAsync(store, new TaskOutcomeFilter { Actor = Tea.Actor }, 2)).TaskId
        );
        Assert.Equal(Samples.Noon, (await store.Outcomes.FindAsync("undecided", default))!.EndedAt);

        var decided = Samples.Noon.AddDays(100);
        Assert.Equal(1, await store.Outcomes.MarkRedrivenAsync([redriven.Key], decided, default));
        Assert.Equal(1, await store.Outcomes.DismissAsync([dismissed.Key], decided, default));
        Assert.Equal(0, await store.Outcomes.DismissAsync([redriven.Key, dismissed.Key], decided.AddDays(1), default));
        Assert.Equal(decided, (await store.Outcomes.FindAsync("dismissed", default))!.DismissedAt);
        Assert.Equal(
            "dismissed",
            Assert.Single(await AllAsync(store, new TaskOutcomeFilter { Dismissed = true }, 2)).TaskId
        );
        Assert.Equal(2, (await AllAsync(store, new TaskOutcomeFilter { Dismissed = false }, 2)).Count);
        await store.Outcomes.MaintainAsync(Today.AddDays(130), 30, 30, ["refund", "payment-check"], default);
        Assert.Equal(3, await store.NumberAsync($"select count(*) from task_outcome"));
        await store.Outcomes.MaintainAsync(Today.AddDays(131), 30, 30, ["refund", "payment-check"], default);
        Assert.Equal("undecided", Assert.Single(await AllAsync(store, new TaskOutcomeFilter(), 10)).TaskId);
        await store.Outcomes.MaintainAsync(Today.AddDays(4_000), 30, 30, ["refund", "payment-check"], default);
        Assert.Equal("undecided", Assert.Single(await AllAsync(store, new TaskOutcomeFilter(), 10)).TaskId);
    }

    [Fact]
    public async Task MoreLettersThanOneStepMovesAreKept()
    {
        await using var store = await TestStore.NewAsync(databases);
        await store.Outcomes.MaintainAsync(Today, 30, 30, ["refund", "payment-check"], default);
        await store.ManyEndingsAsync(rounds: 1);
        await store.Outcomes.MaintainAsync(Today.AddDays(40), 30, 30, ["refund", "payment-check"], default);
        Assert.Equal(2_048, await store.NumberAsync($"select count(*) from task_outcome where day = 0"));
    }

    [Fact]
    public async Task ADayOfManyRowsGoesWhole()
    {
        await using var store = await TestStore.NewAsync(databases);
        await store.Outcomes.MaintainAsync(Today, 30, 30, ["refund", "payment-check"], default);
        await store.ManyEndingsAsync(rounds: 1, type: "notify");
        await store.EndAsync(Samples.Ending("kept", Samples.Noon.AddDays(1)));
        Assert.Equal(
            1,
            (
                await store.Outcomes.MaintainAsync(Today.AddDays(31), 30, 30, ["refund", "payment-check"], default)
            ).Dropped
        );
        Assert.Equal(1, await store.NumberAsync($"select count(*) from task_outcome"));
    }

    [Fact]
    public async Task MaintainersDoNotStandInEachOthersWay()
    {
        await using var store = await TestStore.NewAsync(databases);
        await store.EndAsync(Samples.Ending("old", Samples.Noon.AddDays(-1), type: "notify"));
        for (var round = 0; round < 3; round++)
        {
            var day = Today.AddDays(round * 5);
            var all = await Task.WhenAll(
                Enumerable
                    .Range(0, 6)
                    .Select(_ => store.Outcomes.MaintainAsync(day, 3, 3, ["refund", "payment-check"], default))
            );
            Assert.Contains(all, maintenance => maintenance.Complete);
            Assert.Equal(
                new TaskOutcomeMaintenance(0, 0, true),
                await store.Outcomes.MaintainAsync(day, 3, 3, ["refund", "payment-check"], default)
            );
        }

        Assert.Equal(0, await store.NumberAsync($"select count(*) from task_outcome"));
    }

    private static async Task<List<TaskOutcome>> AllAsync(TestStore store, TaskOutcomeFilter filter, int limit)
    {
        var all = new List<TaskOutcome>();
        for (Page<TaskOutcome>? page = null; page is null || page.Next is not null; all.AddRange(page.Items))
            page = await store.Outcomes.SearchAsync(filter, page?.Next, limit, default);
        return all;
    }
}
