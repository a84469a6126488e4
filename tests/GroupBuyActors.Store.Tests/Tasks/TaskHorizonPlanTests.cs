using System.Globalization;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tests.Tasks;

/// <summary>
/// What reading a horizon costs a server that holds much more than the horizon: the rows it touches, counted by the
/// server.
/// </summary>
public sealed class TaskHorizonPlanTests(MariaDb server, ITestOutputHelper output)
{
    private const int Rounds = 150;
    private static readonly ShardId[] AllShards = Enumerable
        .Range(0, ShardId.Count)
        .Select(n => new ShardId(n))
        .ToArray();

    [Fact]
    public async Task TheHorizonIsReadByRangeOfThePrimaryKeyAndTouchesNothingElse()
    {
        await using var store = await TestStore.NewAsync(server);
        await LoadAsync(store, Rounds);
        foreach (var minutes in new[] { 0, 1, Rounds / 2, Rounds + 1 })
        {
            var plan = await store.PlanAsync(
                TaskReader.Range([.. Enumerable.Range(0, 500)], Samples.Noon.AddMinutes(minutes), 200_001)
            );
            Assert.Equal(("range", "PRIMARY"), (plan.Type, plan.Key));
        }

        // Nothing due: one step a shard. A minute due: one row a shard besides.
        var nothing = await TouchedAsync(
            store,
            async () =>
                Assert.Empty((await store.Tasks.ReadHorizonAsync(AllShards, Samples.Noon, 200_000, default)).Tasks)
        );
        Assert.InRange(nothing, 0, ShardId.Count + Slack);
        var minute = await TouchedAsync(
            store,
            async () =>
                Assert.Equal(
                    ShardId.Count,
                    (await store.Tasks.ReadHorizonAsync(AllShards, Samples.Noon.AddMinutes(1), 200_000, default))
                        .Tasks
                        .Count
                )
        );
        Assert.InRange(minute, ShardId.Count, 2 * ShardId.Count + Slack);
        Assert.InRange(
            await StatementsAsync(store, () => store.Tasks.ReadHorizonAsync(AllShards, Samples.Noon, 200_000, default)),
            1,
            5
        );
    }

    [Fact]
    public async Task AHorizonThatIsCutReadsTwiceItsLimitHoweverMuchIsDue()
    {
        await using var store = await TestStore.NewAsync(server);
        await LoadAsync(store, Rounds);
        const int limit = 20_000;
        var touched = await TouchedAsync(store, Read);
        // Twice the limit: once to see that it does not fit, once a share of each shard.
        Assert.InRange(touched, 2 * (limit - ShardId.Count), 2 * limit + 4 * ShardId.Count + Slack);
        Assert.InRange(await StatementsAsync(store, Read), 1, 20);

        async Task Read()
        {
            var (tasks, complete) = await store.Tasks.ReadHorizonAsync(
                AllShards,
                Samples.Noon.AddMinutes(Rounds + 1),
                limit,
                default
            );
            Assert.False(complete);
            Assert.InRange(tasks.Count, limit - ShardId.Count, limit);
            Assert.Equal(ShardId.Count, tasks.Select(task => task.Key.Shard).Distinct().Count());
        }
    }

    [Fact]
    public async Task ACutHorizonAsksOnlyShardsThatHaveSomethingDue()
    {
        await using var store = await TestStore.NewAsync(server);
        await LoadAsync(store, 2);
        for (var n = 0; n < 300; n++)
            await store.TaskAsync(new ShardId(3), Samples.Noon.AddDays(-1).AddSeconds(n), $"hot-{n:D3}");
        var statements = await StatementsAsync(
            store,
            async () =>
            {
                var (tasks, complete) = await store.Tasks.ReadHorizonAsync(AllShards, Samples.Noon, 100, default);
                Assert.False(complete);
                Assert.Equal(Enumerable.Range(0, 100).Select(n => $"hot-{n:D3}"), tasks.Select(task => task.Key.Id));
            }
        );
        Assert.InRange(statements, 1, 5);
    }

    [Fact]
    public async Task APageOfOneTypeTouchesABoundedNumberOfRows()
    {
        await using var store = await TestStore.NewAsync(server);
        await LoadAsync(store, Rounds);
        var touched = await TouchedAsync(
            store,
            async () =>
                Assert.NotNull(
                    (await store.Tasks.ListAsync(new TaskFilter(Type: "voucher-scan"), null, 50, default)).Next
                )
        );
        Assert.InRange(touched, TaskLists.RowsScannedMax, 6 * TaskLists.RowsScannedMax);
        var page = await TouchedAsync(
            store,
            async () =>
                Assert.Equal(500, (await store.Tasks.ListAsync(new TaskFilter(), null, 500, default)).Items.Count)
        );
        Assert.InRange(page, 500, 2 * ShardId.Count + 5 * 500 + Slack);
    }

    [Fact]
    public async Task ATaskAndAGroupsTasksAreFoundWithoutReadingTheirShard()
    {
        await using var store = await TestStore.NewAsync(server);
        var group = GroupId.Parse("1.SH.a");
        await store.ExecuteAsync(
            $"""
            insert into timed_task (shard, due_ms, id, type, payload, next_ms, attempts,
              version) select {group.Shard.Index}, s.shard + 2048 * r.shard, concat({"groups:2.SH.b:"},
              s.shard + 2048 * r.shard, {":0"}), {"order-close"}, {"{}"u8.ToArray()}, 0, 0, 1
              from shard_owner s cross join shard_owner r where r.shard < 10
            """
        );
        for (var n = 0; n < 3; n++)
            await store.TaskAsync(group.Shard, Samples.Noon.AddDays(n), TaskIds.Of(group.Actor, n + 1, "order-close"));
        await store.ExecuteAsync($"analyze table timed_task");
        // What the counters' own answer touches.
        var none = await TouchedAsync(store, () => Task.CompletedTask);
        Assert.InRange(
            await TouchedAsync(
                store,
                async () =>
                    Assert.NotNull(await store.Tasks.FindAsync(TaskIds.Of(group.Actor, 3, "order-close"), default))
            ) - none,
            1,
            50
        );
        Assert.InRange(
            await TouchedAsync(
                store,
                async () => Assert.Equal(3, (await store.Tasks.FindAllOfActorAsync(group.Actor, 100, default)).Count)
            ) - none,
            1,
            50
        );
        Assert.InRange(
            await TouchedAsync(
                store,
                async () =>
                    Assert.Equal(3, (await store.Tasks.PageOfActorAsync(group.Actor, null, 100, default)).Items.Count)
            ) - none,
            1,
            50
        );
        Assert.InRange(
            await TouchedAsync(
                store,
                async () =>
                    Assert.Equal(
                        3,
                        (await store.Tasks.ListAsync(new TaskFilter(Actor: group.Actor), null, 100, default))
                            .Items
                            .Count
                    )
            ) - none,
            1,
            50
        );
    }

    [Fact]
    public async Task AnOrdersLastStatusIsFoundWithoutReadingTheWholeLog()
    {
        await using var store = await TestStore.NewAsync(server);
        for (var n = 1; n <= 3; n++)
            await store.OrderAsync("1.SH.a.7", "bob", Groups.OrderStatus.PendingPayment, n, Samples.Noon);
        await store.ExecuteAsync(
            $"""
            insert into order_status_log (order_id, sequence, group_id, user_id, status, changed_ms,
              quantity, amount, currency, placed_ms, closes_ms) select concat({"2.SH.b."}, s.shard), r.shard,
              {"2.SH.b"}, {"u"u8.ToArray()}, {"CLOSED"}, 0, 1, 1, {"CNY"}, 0, 0 from shard_owner s cross
              join shard_owner r where r.shard between 1 and 4
            """
        );
        await store.ExecuteAsync($"analyze table order_status_log");
        var none = await TouchedAsync(store, () => Task.CompletedTask);
        var touched = await TouchedAsync(
            store,
            async () =>
                Assert.Equal(
                    3,
                    await store.NumberAsync($"select sequence from order_status where order_id = {"1.SH.a.7"}")
                )
        );
        Assert.InRange(touched - none, 1, 50);
        Assert.Equal(2_049, await store.NumberAsync($"select count(*) from order_status"));
    }

    [Fact]
    public async Task AMerchantsBooksAreReadWithoutItsWholePast()
    {
        await using var store = await TestStore.NewAsync(server);
        await store.ExecuteAsync(
            $"""
            insert into payment_book (order_id, payment_id, merchant_id, sequence, currency, amount, state,
              counted) select concat({"7.SH.a."}, s.shard), {"p"u8.ToArray()}, 7, 1, {"CNY"}, 1, 4,
              case when s.shard < 5 then null else 2 end from shard_owner s
            """
        );
        await store.ExecuteAsync(
            $"""
            insert into payment_total (merchant_id, currency, settled_high, settled_low, refunded_high,
              refunded_low) values (7, {"CNY"}, 0, 0, 0, 2043)
            """
        );
        await store.ExecuteAsync($"analyze table payment_book");
        // A server that opens a table for the first time reads its own dictionary, which it counts too.
        await store.GroupQueries.BooksAsync(8, Samples.Noon, default);
        var none = await TouchedAsync(store, () => Task.CompletedTask);
        var touched = await TouchedAsync(
            store,
            async () =>
                Assert.Equal(
                    2_048,
                    (await store.GroupQueries.BooksAsync(7, Samples.Noon, default)).Currencies[0].Refunded
                )
        );
        Assert.InRange(touched - none, 1, 50);
    }

    /// <summary>What the server's own answer about its counters touches, and the pages' edges.</summary>
    private const int Slack = 1_500;

    /// <summary>A server counts a table's rows anew after a while by itself; here at once.</summary>
    private static async Task LoadAsync(TestStore store, int rounds)
    {
        await store.ManyTasksAsync(rounds);
        await store.ExecuteAsync($"analyze table timed_task");
    }

    private async Task<long> TouchedAsync(TestStore store, Func<Task> work)
    {
        // The pool hands out the connection that was used last: the counters are its session's.
        var before = await StatusAsync(store, "Handler_read%");
        var started = TimeProvider.System.GetTimestamp();
        await work();
        var elapsed = TimeProvider.System.GetElapsedTime(started);
        var touched = await StatusAsync(store, "Handler_read%") - before;
        output.WriteLine($"{touched} rows touched in {elapsed.TotalMilliseconds:F1} ms");
        return touched;
    }

    private static async Task<long> StatementsAsync(TestStore store, Func<Task> work)
    {
        var before = await StatusAsync(store, "Com_select");
        await work();
        return await StatusAsync(store, "Com_select") - before;
    }

    private static Task<long> StatusAsync(TestStore store, string like) =>
        store.Database.ReadAsync(
            async (session, ct) =>
                (
                    await session.ListAsync(
                        $"show session status like {like}",
                        row => long.Parse(row.GetString(1), CultureInfo.InvariantCulture),
                        ct
                    )
                ).Sum(),
            default
        );
}
