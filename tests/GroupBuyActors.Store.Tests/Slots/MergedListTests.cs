using System.Globalization;
using GroupBuyActors.Committing;
using GroupBuyActors.Groups;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Streams;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tests.Slots;

public sealed class SqliteMergedListTests(SqliteFiles files) : MergedListTests(files);

public sealed class MySqlMergedListTests(MariaDb server) : MergedListTests(server);

/// <summary>The same random rows in one database and, by merchant slot, in two: every list gives the same.</summary>
public abstract class MergedListTests(IDatabaseFixture databases)
{
    private const int Rows = 150;
    private static readonly string[] Regions = ["SH", "BJ", "GZ"];
    private static readonly int Seed = Environment.TickCount;
    private readonly Random _random = new(Seed);

    [Fact]
    public async Task GroupsComeAsFromOneDatabase()
    {
        await using var two = await TestStore.NewInTwoAsync(databases);
        await using var one = await TestStore.NewAsync(databases);
        var changes = Enumerable
            .Range(0, Rows)
            .Select(n =>
                Samples.Change(
                    Samples.View(NextGroup(n), _random.Next(3) == 0 ? GroupPhase.Expired : GroupPhase.OnShelf),
                    Samples.Noon.AddMilliseconds(_random.Next(Rows / 3))
                )
            )
            .ToList();
        await one.Projections.WriteAsync(changes, default);
        await two.Projections.WriteAsync(changes, default);
        foreach (
            var filter in (GroupFilter[])
                [
                    new(),
                    new(State: GroupPhase.Expired),
                    new(Region: "SH"),
                    new(MerchantId: changes[0].Group.MerchantId),
                    new(State: GroupPhase.Fulfilled),
                ]
        )
            await SameAsync(
                (after, limit) => one.GroupQueries.GroupsAsync(filter, after, limit, default),
                (after, limit) => two.GroupQueries.GroupsAsync(filter, after, limit, default),
                view => view.GroupId.Value
            );
        Assert.NotEqual(0, await CountAsync(two, 0, "group_view"));
        Assert.NotEqual(0, await CountAsync(two, 1, "group_view"));
    }

    [Fact]
    public async Task ABuyersOrdersComeAsFromOneDatabase()
    {
        await using var two = await TestStore.NewInTwoAsync(databases);
        await using var one = await TestStore.NewAsync(databases);
        for (var n = 0; n < Rows; n++)
        {
            var (order, placed) = ($"{NextGroup(n)}.1", Samples.Noon.AddMilliseconds(_random.Next(Rows / 3)));
            var user = _random.Next(4) == 0 ? "bob" : "alice";
            foreach (var store in (TestStore[])[one, two.PartOf(OrderId.Parse(order).Group.Actor.Shard)])
                await store.OrderAsync(order, user, OrderStatus.PendingPayment, 1, placed);
        }

        await SameAsync(
            (after, limit) => one.GroupQueries.UserOrdersAsync("alice", after, limit, default),
            (after, limit) => two.GroupQueries.UserOrdersAsync("alice", after, limit, default),
            order => order.OrderId.ToString()
        );
    }

    [Fact]
    public async Task OutcomesComeAsFromOneDatabaseAndAreCountedAndMarkedInBoth()
    {
        await using var two = await TestStore.NewInTwoAsync(databases);
        await using var one = await TestStore.NewAsync(databases);
        for (var n = 0; n < Rows; n++)
        {
            var group = GroupId.Parse(NextGroup(n));
            var outcome = Samples.Ending(
                TaskIds.Of(group.Actor, 3, "refund"),
                Samples.Noon.AddMilliseconds(_random.Next(Rows / 3)),
                group: group,
                error: _random.Next(2) == 0 ? "refused" : "no answer"
            );
            foreach (var store in (TestStore[])[one, two.PartOf(group.Shard)])
                await store.EndAsync(outcome);
        }

        foreach (
            var filter in (TaskOutcomeFilter[])
                [new(), new() { ErrorContains = "refused" }, new() { Status = TaskOutcomeStatus.Cancelled }]
        )
        {
            await SameAsync(
                (after, limit) => one.Outcomes.SearchAsync(filter, after, limit, default),
                (after, limit) => two.Outcomes.SearchAsync(filter, after, limit, default),
                outcome => outcome.TaskId
            );
            Assert.Equal(
                await one.Outcomes.CountAsync(filter, 100, default),
                await two.Outcomes.CountAsync(filter, 100, default)
            );
        }

        var all = (await two.Outcomes.SearchAsync(new TaskOutcomeFilter(), null, Rows, default)).Items;
        Assert.Equal(Rows, await two.Outcomes.DismissAsync([.. all.Select(end => end.Key)], Samples.Noon, default));
        Assert.Equal(0, await two.Outcomes.CountAsync(new TaskOutcomeFilter { Dismissed = false }, Rows, default));
        Assert.NotNull((await two.Outcomes.FindAsync(all[0].TaskId, default))!.DismissedAt);
    }

    [Fact]
    public async Task PendingTasksComeAsFromOneDatabaseAndNoneThatIsMovedIsLeftOut()
    {
        await using var two = await TestStore.NewInTwoAsync(databases);
        await using var one = await TestStore.NewAsync(databases);
        var ids = new List<(string Id, ShardId Shard, DateTimeOffset Due)>();
        for (var n = 0; n < Rows; n++)
        {
            var actor = GroupId.Parse(NextGroup(n)).Actor;
            var task = (
                TaskIds.Of(actor, 3, "order-close"),
                actor.Shard,
                Samples.Noon.AddMilliseconds(_random.Next(Rows / 3))
            );
            ids.Add(task);
            foreach (var store in (TestStore[])[one, two.PartOf(actor.Shard)])
                await store.TaskAsync(
                    actor.Shard,
                    task.Item3,
                    task.Item1,
                    type: _random.Next(2) == 0 ? "refund" : "order-close"
                );
        }

        foreach (var filter in (TaskFilter[])[new(), new(Shard: ids[0].Shard)])
            await SameAsync(
                (after, limit) => one.Tasks.ListAsync(filter, after, limit, default),
                (after, limit) => two.Tasks.ListAsync(filter, after, limit, default),
                task => task.Key.Id
            );
        var (horizon, complete) = await two.Tasks.ReadHorizonAsync(
            [.. ids.Select(task => task.Shard).Distinct()],
            Samples.Noon.AddDays(1),
            10 * Rows,
            default
        );
        Assert.True(complete);
        Assert.Equal(Rows, horizon.Count);
        Assert.Equal(Rows, (await two.Tasks.PresentAsync([.. ids.Select(task => task.Id)], default)).Count);

        // The tasks that are due first, so last in the list, are moved into the part that was read.
        var first = await two.Tasks.ListAsync(new TaskFilter(), null, 5, default);
        var moved = ids.OrderBy(task => task.Due).ThenBy(task => task.Id, StringComparer.Ordinal).Take(20).ToList();
        foreach (var (id, shard, due) in moved)
        {
            var part = two.PartOf(shard);
            await part.ExecuteAsync(
                $"""
                update timed_task set due_ms = {Samples.Noon.AddDays(
                    2
                ).ToUnixTimeMilliseconds()} where shard = {shard.Index}
                  and due_ms = {due.ToUnixTimeMilliseconds()} and id = {id};
                insert into task_move (at_ms, id) values ({part.Database.Dialect.NowMs}, {id})
                """
            );
        }

        Assert.Equal(2, moved.Select(task => two.PartOf(task.Shard)).Distinct().Count());
        var rest = await AllAsync(
            (after, limit) => two.Tasks.ListAsync(new TaskFilter(), after, limit, default),
            5,
            first.Next
        );
        Assert.Equal(
            ids.Select(task => task.Id).Order(StringComparer.Ordinal),
            first.Items.Concat(rest).Select(task => task.Key.Id).Distinct().Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task AShortHorizonIsDividedAmongDatabasesAndSaysHowFarItWasRead()
    {
        await using var two = await TestStore.NewInTwoAsync(databases);
        ShardId low = new(0),
            high = new(ShardId.Count - 1);
        for (var n = 0; n < 30; n++)
            await two.PartOf(low).TaskAsync(low, Samples.Noon.AddSeconds(n), $"low-{n:D2}");
        await two.PartOf(high).TaskAsync(high, Samples.Noon.AddSeconds(40), "high");
        var reading = await two.Tasks.ReadHorizonAsync([low, high], Samples.Noon.AddHours(1), 20, default);
        Assert.Contains(reading.Tasks, task => task.Key.Id == "high");
        Assert.Equal(11, reading.Tasks.Count);
        Assert.Equal(Samples.Noon.AddSeconds(9), reading.ReadTo);
    }

    [Fact]
    public async Task ParkedActorsComeAsFromOneDatabase()
    {
        await using var two = await TestStore.NewInTwoAsync(databases);
        await using var one = await TestStore.NewAsync(databases);
        for (var n = 0; n < 40; n++)
        {
            var actor = GroupId.Parse(NextGroup(n)).Actor;
            var row = new BlockedActorRow(0, actor, 1, BlockedActorState.Parked, Samples.Noon, "refused");
            foreach (var store in (TestStore[])[one, two.PartOf(actor.Shard)])
                await store.Stores.First.BlockedActors.MoveCursorAsync(0, "kafka", 1, [row], default);
        }

        await SameAsync(
            (after, limit) => one.Get<IBlockedActorStore>().ParkedAsync("kafka", after, limit, default),
            (after, limit) => two.Get<IBlockedActorStore>().ParkedAsync("kafka", after, limit, default),
            row => row.Actor.ToString()
        );
        var parked = (await two.Get<IBlockedActorStore>().ParkedAsync("kafka", null, 1, default)).Items.Single();
        Assert.Equal(parked, await two.Get<IBlockedActorStore>().RetryAsync("kafka", parked.Actor, default));
    }

    [Fact]
    public async Task EachDatabaseHasTheOwnersOfItsShards()
    {
        await using var two = await TestStore.NewInTwoAsync(databases);
        var silo = new SiloIdentity("S127.0.0.1:1:1", "silo-0");
        ShardId low = new(0),
            high = new(ShardId.Count - 1);
        Assert.Equal(2, (await two.Shards.TakeAsync(silo, [low, high], [], default)).Count);
        var rows = await two.Shards.ReadAsync(default);
        Assert.Equal(Enumerable.Range(0, ShardId.Count), rows.Select(row => row.Shard.Index));
        Assert.Equal([low, high], rows.Where(row => row.OwnerSlot == "silo-0").Select(row => row.Shard));
        Assert.Equal(
            1,
            await two.PartOf(low).NumberAsync($"select count(*) from shard_owner where owner_address is not null")
        );
        await two.Shards.ReleaseAsync(silo, [low, high], null, default);
        Assert.All(await two.Shards.ReadAsync(default), row => Assert.Null(row.OwnerAddress));
    }

    private string NextGroup(int n) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{_random.Next(1, 400)}.{Regions[_random.Next(Regions.Length)]}.tea-{n:D3}"
        );

    private static Task<long> CountAsync(TestStore two, int part, string table) =>
        two.Parts[part].NumberAsync($"select count(*) from {new Raw(table)}");

    /// <summary>Lists all pages of both, with pages of several sizes.</summary>
    private static async Task SameAsync<T>(
        Func<string?, int, Task<Page<T>>> one,
        Func<string?, int, Task<Page<T>>> two,
        Func<T, string> idOf
    )
    {
        var expected = (await AllAsync(one, 500, null)).ConvertAll(item => idOf(item));
        foreach (var limit in (int[])[1, 7, 50, 500])
        {
            var seen = (await AllAsync(two, limit, null, mayBeShort: false)).ConvertAll(item => idOf(item));
            Assert.True(expected.SequenceEqual(seen), $"Pages of {limit}, seed {Seed}.");
        }
    }

    private static async Task<List<T>> AllAsync<T>(
        Func<string?, int, Task<Page<T>>> list,
        int limit,
        string? after,
        bool mayBeShort = true
    )
    {
        var all = new List<T>();
        do
        {
            var page = await list(after, limit);
            Assert.True(mayBeShort || page.Next is null || page.Items.Count == limit, "A page has less than there is.");
            Assert.True(page.Items.Count <= limit);
            all.AddRange(page.Items);
            after = page.Next;
        } while (after is not null);
        return all;
    }
}
