using GroupBuyActors.Reading;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tests.Tasks;

public sealed class SqliteTaskReadingTests(SqliteFiles files) : TaskReadingTests(files);

public sealed class MySqlTaskReadingTests(MariaDb server) : TaskReadingTests(server);

/// <summary>What a shard's owner reads, and what operators look at.</summary>
public abstract class TaskReadingTests(IDatabaseFixture databases)
{
    private static readonly ShardId[] AllShards = Enumerable
        .Range(0, ShardId.Count)
        .Select(n => new ShardId(n))
        .ToArray();

    [Fact]
    public async Task TheHorizonHoldsWhatIsNextInItAndNothingElse()
    {
        await using var store = await TestStore.NewAsync(databases);
        var (mine, other) = (new ShardId(7), new ShardId(8));
        var until = Samples.Noon.AddSeconds(60);
        await store.TaskAsync(mine, Samples.Noon.AddDays(-1), "overdue");
        await store.TaskAsync(mine, Samples.Noon.AddSeconds(59), "near");
        await store.TaskAsync(mine, until, "at the edge");
        await store.TaskAsync(mine, Samples.Noon, "retried later", next: until);
        await store.TaskAsync(mine, Samples.Noon, "retried soon", next: Samples.Noon.AddSeconds(1));
        await store.TaskAsync(other, Samples.Noon, "not mine");

        var (tasks, complete) = await store.Tasks.ReadHorizonAsync([mine], until, 100, default);
        Assert.True(complete);
        Assert.Equal(
            ["near", "overdue", "retried soon"],
            tasks.Select(task => task.Key.Id).Order(StringComparer.Ordinal)
        );
        var near = tasks.Single(task => task.Key.Id == "near");
        Assert.Equal(new TaskKey(mine, Samples.Noon.AddSeconds(59), "near"), near.Key);
        Assert.Null(near.Actor);
        Assert.Equal("order-close", near.Type);
        Assert.Equal(1, near.Version);
        Assert.Equal("{}"u8.ToArray(), near.Payload.ToArray());

        Assert.Equal(4, (await store.Tasks.ReadHorizonAsync(AllShards, until, 100, default)).Tasks.Count);
        Assert.Empty((await store.Tasks.ReadHorizonAsync([], until, 100, default)).Tasks);
    }

    [Fact]
    public async Task TasksAreCountedByShardAndType()
    {
        await using var store = await TestStore.NewAsync(databases);
        var (one, two, empty) = (new ShardId(3), new ShardId(4), new ShardId(5));
        foreach (var id in (string[])["a", "b", "c"])
            await store.TaskAsync(one, Samples.Noon, id);
        await store.TaskAsync(one, Samples.Noon.AddDays(400), "d", type: "refund");
        await store.TaskAsync(two, Samples.Noon.AddDays(-1), "e");
        await store.TaskAsync(new ShardId(6), Samples.Noon, "not asked for");
        Assert.Equal(
            [(one, "order-close", 3), (one, "refund", 1), (two, "order-close", 1)],
            (await store.Tasks.CountAsync([two, one, empty], default))
                .OrderBy(count => count.Shard.Index)
                .ThenBy(count => count.Type, StringComparer.Ordinal)
        );
        Assert.Empty(await store.Tasks.CountAsync([], default));
    }

    [Fact]
    public async Task OneShardsBacklogDoesNotKeepAnothersTasksOut()
    {
        await using var store = await TestStore.NewAsync(databases);
        for (var n = 0; n < 60; n++)
            await store.TaskAsync(new ShardId(3), Samples.Noon.AddSeconds(n % 30), $"hot-{n:D2}");
        foreach (var shard in new[] { 1, 500, 1999 })
            await store.TaskAsync(new ShardId(shard), Samples.Noon.AddSeconds(50), $"cold-{shard}");

        ShardId[] owned = [new ShardId(1), new ShardId(3), new ShardId(500), new ShardId(1999)];
        var (tasks, complete) = await store.Tasks.ReadHorizonAsync(owned, Samples.Noon.AddSeconds(60), 20, default);
        Assert.False(complete);
        Assert.Equal(20, tasks.Select(task => task.Key.Id).Distinct().Count());
        Assert.Equal(3, tasks.Count(task => task.Key.Id.StartsWith("cold", StringComparison.Ordinal)));
        // Of the hot shard, the earliest.
        Assert.All(
            tasks.Where(task => task.Key.Shard.Index == 3),
            task => Assert.True(task.Key.Due < Samples.Noon.AddSeconds(9))
        );

        Assert.Equal(
            4,
            (await store.Tasks.ReadHorizonAsync(AllShards, Samples.Noon.AddSeconds(60), 4, default))
                .Tasks.Select(task => task.Key.Shard)
                .Distinct()
                .Count()
        );
        Assert.True((await store.Tasks.ReadHorizonAsync(AllShards, Samples.Noon.AddSeconds(60), 63, default)).Complete);
        Assert.False(
            (await store.Tasks.ReadHorizonAsync(AllShards, Samples.Noon.AddSeconds(60), 62, default)).Complete
        );
    }

    /// <summary>What was left out of a reading that was cut is not due before where it ends.</summary>
    [Fact]
    public async Task AReadingThatIsCutSaysHowFarItGot()
    {
        await using var store = await TestStore.NewAsync(databases);
        for (var n = 0; n < 60; n++)
            await store.TaskAsync(new ShardId(3), Samples.Noon.AddSeconds(n), $"dense-{n:D2}");
        for (var n = 0; n < 6; n++)
            await store.TaskAsync(new ShardId(9), Samples.Noon.AddSeconds(n * 10), $"sparse-{n}");
        foreach (var limit in (int[])[1, 2, 7, 20, 50, 65])
        {
            var reading = await store.Tasks.ReadHorizonAsync(AllShards, Samples.Noon.AddMinutes(1), limit, default);
            var read = reading.Tasks.Select(task => task.Key.Id).ToHashSet();
            var left = Enumerable
                .Range(0, 60)
                .Where(n => !read.Contains($"dense-{n:D2}"))
                .Select(n => Samples.Noon.AddSeconds(n))
                .Concat(
                    Enumerable
                        .Range(0, 6)
                        .Where(n => !read.Contains($"sparse-{n}"))
                        .Select(n => Samples.Noon.AddSeconds(n * 10))
                )
                .Min();
            Assert.False(reading.Complete);
            Assert.InRange(reading.ReadTo!.Value, Samples.Noon, left);
            Assert.True(
                left - reading.ReadTo.Value <= TimeSpan.FromSeconds(10),
                $"With {limit} it was read to {reading.ReadTo}, and {left} was left."
            );
        }

        Assert.Null((await store.Tasks.ReadHorizonAsync(AllShards, Samples.Noon.AddMinutes(1), 66, default)).ReadTo);
    }

    /// <summary>One row that nobody can read used to keep every task of its silo from being read.</summary>
    [Fact]
    public async Task ARowThatCannotBeUnderstoodIsReadWithItsFaultAndKeepsNoOtherBack()
    {
        await using var store = await TestStore.NewAsync(databases);
        var shard = new ShardId(3);
        await store.TaskAsync(shard, Samples.Noon, "sound");
        await store.TaskAsync(shard, DateTimeOffset.MinValue, "of the first instant");
        await RowAsync("of no instant", long.MinValue, 0, 1);
        await RowAsync("never next", 0, long.MinValue, 1);
        await RowAsync("counted out", 2, 2, int.MaxValue);
        await RowAsync("of a bad type", 3, 3, 1);
        var tasks = (
            await store.Tasks.ReadHorizonAsync(AllShards, Samples.Noon.AddSeconds(1), 100, default)
        ).Tasks.ToDictionary(task => task.Key.Id);
        Assert.Equal(6, tasks.Count);
        Assert.Equal(
            ["counted out", "never next", "of no instant"],
            tasks.Values.Where(task => task.Fault is not null).Select(task => task.Key.Id).Order(StringComparer.Ordinal)
        );
        Assert.Equal(DateTimeOffset.MinValue, tasks["of the first instant"].Key.Due);
        Assert.Equal(6, (await store.Tasks.ListAsync(new TaskFilter(Shard: shard), null, 100, default)).Items.Count);

        Task RowAsync(string id, long due, long next, int version) =>
            store.ExecuteAsync(
                $"""
                insert into timed_task (shard, due_ms, id, type, payload, next_ms, attempts, version)
                  values ({shard.Index}, {due}, {id}, {"refund"}, {"{}"u8.ToArray()}, {next}, -1, {version})
                """
            );
    }

    [Fact]
    public async Task ATaskIsFoundByItsId()
    {
        await using var store = await TestStore.NewAsync(databases);
        var group = GroupId.Parse("10042.SH-PUDONG.tea-1123");
        var firing = TaskIds.Of("voucher-scan", new ShardId(77), Samples.Noon);
        await store.TaskAsync(group.Shard, Samples.Noon, TaskIds.Of(group.Actor, 4, "order-close", 1));
        await store.TaskAsync(new ShardId(77), Samples.Noon, firing, type: "voucher-scan");
        Assert.Equal(
            group.Actor,
            (await store.Tasks.FindAsync(TaskIds.Of(group.Actor, 4, "order-close", 1), default))!.Actor
        );
        Assert.Equal("voucher-scan", (await store.Tasks.FindAsync(firing, default))!.Type);
        Assert.Null(await store.Tasks.FindAsync(TaskIds.Of(group.Actor, 4, "order-close", 2), default));
        Assert.Null(await store.Tasks.FindAsync("nonsense", default));
    }

    [Fact]
    public async Task TasksAreListedLatestDueFirst()
    {
        await using var store = await TestStore.NewAsync(databases);
        var group = GroupId.Parse("1.SH.a");
        var expected = new List<(DateTimeOffset Due, string Id)>();
        for (var n = 0; n < 40; n++)
        {
            var (due, id) = (
                Samples.Noon.AddSeconds(n * 7 % 13),
                n % 4 == 0 ? TaskIds.Of(group.Actor, 10 + n, "order-close") : $"t:{n + 10:D2}:0"
            );
            var shard = n % 4 == 0 ? group.Shard : new ShardId(n % 6);
            await store.TaskAsync(shard, due, id, type: n % 2 == 0 ? "refund" : "notify");
            expected.Add((due, id));
        }

        expected = expected
            .OrderByDescending(task => task.Due)
            .ThenByDescending(task => task.Id, StringComparer.Ordinal)
            .ToList();
        foreach (var limit in new[] { 1, 3, 40 })
            Assert.Equal(
                expected.Select(task => task.Id),
                (await AllAsync(store, new TaskFilter(), limit)).Select(task => task.Key.Id)
            );
        Assert.Equal(
            expected.Where(task => SequenceOf(task.Id) % 2 == 0).Select(task => task.Id),
            (await AllAsync(store, new TaskFilter(Type: "refund"), 6)).Select(task => task.Key.Id)
        );
        Assert.Equal(
            expected.Where(task => SequenceOf(task.Id) % 4 == 2).Select(task => task.Id),
            (await AllAsync(store, new TaskFilter(Actor: group.Actor), 3)).Select(task => task.Key.Id)
        );
        Assert.All(
            await AllAsync(store, new TaskFilter(Shard: new ShardId(5)), 2),
            task => Assert.Equal(5, task.Key.Shard.Index)
        );
        Assert.Empty(await AllAsync(store, new TaskFilter(Shard: new ShardId(6), Actor: group.Actor), 2));
    }

    [Fact]
    public async Task APageOfOneTypeLooksAtABoundedNumberOfRowsAndSaysWhereToGoOn()
    {
        await using var store = await TestStore.NewAsync(databases);
        await store.ManyTasksAsync(rounds: 7);
        // The rare type lies behind more than one page may look at.
        var rare = TaskIds.Of("voucher-scan", new ShardId(77), Samples.Noon);
        await store.TaskAsync(new ShardId(77), Samples.Noon.AddDays(-1), rare, type: "voucher-scan");
        var filter = new TaskFilter(Type: "voucher-scan");

        var pages = new List<Page<TimedTask>>();
        do pages.Add(await store.Tasks.ListAsync(filter, pages.LastOrDefault()?.Next, 50, default));
        while (pages[^1].Next is not null);
        Assert.Equal(7 * ShardId.Count / TaskLists.RowsScannedMax + 1, pages.Count);
        Assert.Equal(rare, Assert.Single(pages.SelectMany(page => page.Items)).Key.Id);
        Assert.Equal(
            7 * ShardId.Count,
            (await AllAsync(store, new TaskFilter(Type: "order-close"), 500))
                .Select(task => task.Key)
                .Distinct()
                .Count()
        );
    }

    [Fact]
    public async Task ThePageOfAllShardsReadsFewRowsMoreThanItShows()
    {
        await using var store = await TestStore.NewAsync(databases);
        await store.ManyTasksAsync(rounds: 3);
        for (var n = 0; n < 600; n++)
            await store.TaskAsync(new ShardId(5), Samples.Noon.AddHours(1).AddMilliseconds(n), $"hot-{n:D3}");
        var (rows, read) = await store.Database.ReadAsync(
            async (session, ct) =>
            {
                var latest = await LatestTasks.OpenAsync(session, store.Database.Dialect, null, ct);
                return (await latest.TakeAsync(501, ct), latest.RowsRead);
            },
            default
        );
        Assert.Equal(Enumerable.Range(99, 501).Reverse().Select(n => $"hot-{n:D3}"), rows.Select(task => task.Key.Id));
        Assert.InRange(read, 501, 5 * 501);
    }

    [Fact]
    public async Task AGroupsTasksComeEarliestFirst()
    {
        await using var store = await TestStore.NewAsync(databases);
        var (group, other) = (GroupId.Parse("1.SH.a"), GroupId.Parse("1.SH.b"));
        for (var n = 0; n < 5; n++)
            await store.TaskAsync(
                group.Shard,
                Samples.Noon.AddSeconds(-n),
                TaskIds.Of(group.Actor, n + 1, "order-close")
            );
        await store.TaskAsync(group.Shard, Samples.Noon.AddDays(-1), TaskIds.Of(other.Actor, 1, "order-close"));
        Assert.Equal(
            [5L, 4, 3],
            (await store.Tasks.FindAllOfActorAsync(group.Actor, 3, default)).Select(task => SequenceOf(task.Key.Id))
        );
        Assert.Equal(5, (await store.Tasks.FindAllOfActorAsync(group.Actor, 50, default)).Count);
        Assert.Empty(await store.Tasks.FindAllOfActorAsync(GroupId.Parse("1.SH.c").Actor, 50, default));
    }

    [Fact]
    public async Task AGroupsTasksComePageByPageWhateverMovesMeanwhile()
    {
        await using var store = await TestStore.NewAsync(databases);
        var (group, longer) = (GroupId.Parse("1.SH.a"), GroupId.Parse("1.SH.a-b"));
        for (var n = 1; n <= 7; n++)
            await store.TaskAsync(group.Shard, Samples.Noon.AddSeconds(n), TaskIds.Of(group.Actor, n, "order-close"));
        await store.TaskAsync(group.Shard, Samples.Noon, TaskIds.Of(longer.Actor, 1, "order-close"));
        var seen = new List<string>();
        for (Page<TimedTask>? page = null; page is null || page.Next is not null; )
        {
            page = await store.Tasks.PageOfActorAsync(group.Actor, page?.Next, 2, default);
            seen.AddRange(page.Items.Select(task => task.Key.Id));
            await store.ExecuteAsync($"update timed_task set due_ms = due_ms - 60000 where id > {seen[^1]}");
        }

        Assert.Equal(Enumerable.Range(1, 7).Select(n => TaskIds.Of(group.Actor, n, "order-close")), seen);
        await Assert.ThrowsAsync<FormatException>(() =>
            store.Tasks.PageOfActorAsync(group.Actor, "nonsense", 2, default)
        );
    }

    [Theory]
    [InlineData(null)]
    [InlineData("1.SH.a")]
    public async Task ATaskThatMovesPastThePageIsStillInTheList(string? ofGroup)
    {
        await using var store = await TestStore.NewAsync(databases);
        var group = GroupId.Parse("1.SH.a");
        for (var n = 1; n <= 6; n++)
            await store.TaskAsync(group.Shard, Samples.Noon.AddSeconds(n), TaskIds.Of(group.Actor, n, "order-close"));
        var filter = new TaskFilter(Actor: ofGroup is null ? null : group.Actor);
        var first = await store.Tasks.ListAsync(filter, null, 2, default);
        Assert.Equal([6L, 5], first.Items.Select(task => SequenceOf(task.Key.Id)));

        // As a commit moves it: due later than all that the page has shown.
        await store.ExecuteAsync(
            $"""
            update timed_task set due_ms = {Samples.Noon.AddHours(1).ToUnixTimeMilliseconds()}
              where id = {TaskIds.Of(group.Actor, 2, "order-close")}
            """
        );
        await store.ExecuteAsync(
            $"""
            insert into task_move (at_ms, id)
              values ({store.Database.Dialect.NowMs}, {TaskIds.Of(group.Actor, 2, "order-close")})
            """
        );
        var rest = new List<string>();
        for (var next = first.Next; next is not null; )
        {
            var page = await store.Tasks.ListAsync(filter, next, 2, default);
            rest.AddRange(page.Items.Select(task => task.Key.Id));
            next = page.Next;
        }

        Assert.Equal([4L, 3, 1, 2], rest.Select(SequenceOf));
        Assert.Equal(
            6,
            (await store.Tasks.ListAsync(filter, null, 50, default))
                .Items.Select(task => task.Key.Id)
                .Distinct()
                .Count()
        );
        Assert.Equal(6, (await store.Tasks.ListAsync(filter, null, 50, default)).Items.Count);
    }

    [Fact]
    public async Task AnIdThatIsNoAsciiIsNoTasks()
    {
        await using var store = await TestStore.NewAsync(databases);
        Assert.Null(await store.Tasks.FindAsync("1.SH.a:é:0", default));
    }

    private static async Task<List<TimedTask>> AllAsync(TestStore store, TaskFilter filter, int limit)
    {
        var all = new List<TimedTask>();
        for (Page<TimedTask>? page = null; page is null || page.Next is not null; all.AddRange(page.Items))
            page = await store.Tasks.ListAsync(filter, page?.Next, limit, default);
        return all;
    }

    private static long SequenceOf(string taskId) =>
        TaskIds.TryGetCause(taskId, out var cause) ? cause.Sequence : long.Parse(taskId.Split(':')[1]);
}
