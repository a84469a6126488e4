using GroupBuyActors.Groups;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Retention;

namespace GroupBuyActors.Store.Tests.Retention;

public sealed class SqliteOldJournalsTests(SqliteFiles files) : OldJournalsTests(files);

public sealed class MySqlOldJournalsTests(MariaDb server) : OldJournalsTests(server);

/// <summary>Which groups a walk finds, and what leaves of one.</summary>
public abstract class OldJournalsTests(IDatabaseFixture databases)
{
    private static readonly string[] Sinks = ["projections"];

    [Fact]
    public async Task AWalkFindsEachEndedGroupOfWhichMoreThanOneEventIsThere()
    {
        await using var store = await TestStore.NewAsync(databases);
        foreach (
            var (group, stream) in new[]
            {
                ("1.SH.ended", 5L),
                ("1.SH.live", 5L),
                ("1.SH.young", -3L),
                ("1.SH.unknown", -3L),
            }
        )
            for (var n = 1; n <= 3; n++)
                await EventAsync(store, group, n, stream);
        await EventAsync(store, "1.SH.alone", 9, 5);
        // Of another kind: nothing that this walk looks for, whatever its key.
        foreach (var n in (long[])[1, 2])
            await EventAsync(store, "1.SH.ended-too", n, 7, "redrives");
        await store.Projections.WriteAsync(
            [
                Samples.Change(Samples.View("1.SH.ended", GroupPhase.Expired)),
                Samples.Change(Samples.View("1.SH.live", GroupPhase.Fulfilled)),
                Samples.Change(
                    Samples.View("1.SH.young", GroupPhase.Expired) with
                    {
                        UpdatedAt = Samples.Noon.AddDays(1),
                    }
                ),
                Samples.Change(Samples.View("1.SH.alone", GroupPhase.Expired)),
            ],
            default
        );
        Assert.Equal(["1.SH.ended", "1.SH.unknown"], await ScanAsync(store, Samples.Noon.AddHours(1), 2));
        Assert.Equal(["1.SH.ended", "1.SH.unknown", "1.SH.young"], await ScanAsync(store, Samples.Noon.AddDays(2), 4));
        Assert.Empty(await ScanAsync(store, Samples.Noon, 100));
    }

    [Fact]
    public async Task EventsGoBelowTheHeadOnceEverySinkHasPassedThemAndTheHeadStays()
    {
        await using var store = await TestStore.NewAsync(databases);
        var group = GroupId.Parse("1.SH.a");
        for (var n = 1; n <= 7; n++)
            await EventAsync(store, group.Value, n, n < 4 ? 1 : 2);
        await store.ExecuteAsync(
            $"insert into stream (id, silo_address, silo_slot, state) values (2, {"a"}, {"a"}, 1)"
        );
        // Stream 1 is gone; of stream 2 nothing is passed yet.
        Assert.Equal(3, await RemoveAsync(store, group, 7));
        await store.ExecuteAsync(
            $"insert into relay_cursor (stream, sink, position) values (2, {"projections"}, {Position(7) + 10})"
        );
        await store.ExecuteAsync(
            $"""
            insert into relay_blocked (stream, sink, actor_id, sequence, state, since_ms)
              values (2, {"projections"}, {group.Actor}, 5, 2, 0)
            """
        );
        Assert.Equal(0, await RemoveAsync(store, group, 7));
        await store.ExecuteAsync($"delete from relay_blocked");
        Assert.Equal(3, await RemoveAsync(store, group, 7));
        Assert.Equal(7, await store.Groups.HeadAsync(group.Actor, default));
        Assert.Equal([7L], (await store.Groups.HistoryAsync(group.Actor, 0, 10, default)).Select(row => row.Sequence));
        // The last row of a stream that is there stays, whosever it is.
        Assert.Equal(0, await RemoveAsync(store, group, 8));
    }

    [Fact]
    public async Task AnOrdersLastStatusStaysAndThoseBeforeItGo()
    {
        await using var store = await TestStore.NewAsync(databases);
        var group = GroupId.Parse("1.SH.a");
        for (var n = 1; n <= 5; n++)
        for (var change = 0; change < n; change++)
            await store.OrderAsync(
                $"1.SH.a.{n}",
                "bob",
                OrderStatus.PendingPayment,
                n * 10 + change,
                Samples.Noon.AddSeconds(n)
            );
        await store.OrderAsync("1.SH.a-b.1", "bob", OrderStatus.PendingPayment, 1, Samples.Noon);
        await store.OrderAsync("1.SH.a-b.1", "bob", OrderStatus.Closed, 2, Samples.Noon);
        var removed = 0;
        (string, long)? after = null;
        do
        {
            (var rows, after) = await store.OldJournals.RemoveStatusesAsync(group, after, 2, default);
            removed += rows;
        } while (after is not null);
        Assert.Equal(10, removed);
        Assert.Equal(
            [54L, 43, 32, 21, 10],
            await store.Database.ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"select sequence from order_status_log where group_id = {group.Value} order by order_id desc",
                        row => row.GetInt64(0),
                        ct
                    ),
                default
            )
        );
        Assert.Equal(
            2,
            await store.NumberAsync($"select count(*) from order_status_log where group_id = {"1.SH.a-b"}")
        );
        Assert.Equal(6, (await store.GroupQueries.UserOrdersAsync("bob", null, 50, default)).Items.Count);
    }

    [Fact]
    public async Task AGroupGoesWholeOnceItsMoneyAndStockAreInTotalsAndNothingCameAfter()
    {
        await using var store = await TestStore.NewAsync(databases);
        var (group, other) = (GroupId.Parse("1.SH.a"), GroupId.Parse("1.SH.a-b"));
        foreach (var id in new[] { group, other })
        {
            await EventAsync(store, id.Value, 7, 1);
            await store.Projections.WriteAsync(
                [
                    Samples.Change(
                        Samples.View(id.Value, GroupPhase.Expired),
                        stock: new StockFigures(3, 0, 3, 0),
                        payments:
                        [
                            .. Enumerable
                                .Range(1, 3)
                                .Select(n => new PaymentEntry(
                                    new OrderId(id, n),
                                    "p",
                                    new Money(5, "CNY"),
                                    PaymentState.Refunded,
                                    null
                                )),
                        ]
                    ),
                ],
                default
            );
            for (var n = 1; n <= 3; n++)
                await store.OrderAsync($"{id}.{n}", "bob", OrderStatus.Refunded, n, Samples.Noon);
            await store.Groups.WriteSnapshotAsync(id.Actor, 7, "{}"u8.ToArray(), default);
        }

        var books = await store.GroupQueries.BooksAsync(1, Samples.Noon, default);
        Assert.Null(await store.OldJournals.RemoveGroupAsync(group, 7, Sinks, 2, default));
        await store.Totals.CountPaymentsAsync(0, Samples.Noon, 100, default);
        await store.Totals.CountStockAsync(0, Samples.Noon.AddDays(1), 100, default);
        Assert.Null(await store.OldJournals.RemoveGroupAsync(group, 6, Sinks, 2, default));
        var steps = 0;
        while (
            await store.OldJournals.RemoveGroupAsync(group, 7, Sinks, 2, default) is var isGone && isGone is not true
        )
        {
            Assert.False(isGone);
            Assert.InRange(++steps, 1, 10);
        }

        foreach (var table in (string[])["journal", "snapshot_head", "snapshot_chunk", "group_terms", "group_view"])
            Assert.Equal(1, await store.NumberAsync($"select count(*) from {new Raw(table)}"));
        Assert.Equal(
            (3L, 3L),
            (
                await store.NumberAsync($"select count(*) from payment_book"),
                await store.NumberAsync($"select count(*) from order_status_log")
            )
        );
        Assert.Equal(0, await store.Groups.HeadAsync(group.Actor, default));
        var after = await store.GroupQueries.BooksAsync(1, Samples.Noon, default);
        Assert.Equal(books.Currencies, after.Currencies);
        Assert.Equal((6L, 6L), (after.Reserved, after.Deducted));
        Assert.Null(await store.OldJournals.RemoveGroupAsync(group, 7, Sinks, 2, default));
    }

    private static async Task<List<string>> ScanAsync(TestStore store, DateTimeOffset before, int limit)
    {
        var found = new HashSet<string>();
        JournalPosition? place = null;
        do
        {
            (var groups, place) = await store.OldJournals.ScanAsync(place, before, isAlone: false, limit, default);
            found.UnionWith(groups.Select(group => group.Value));
        } while (place is not null);
        return [.. found.Order(StringComparer.Ordinal)];
    }

    private static async Task<int> RemoveAsync(TestStore store, GroupId group, long below)
    {
        var removed = 0;
        for (long? after = 0; after is not null; )
        {
            (var rows, after) = await store.OldActors.RemoveEventsAsync(
                group.Actor,
                after.Value,
                below,
                Sinks,
                2,
                default
            );
            removed += rows;
        }

        return removed;
    }

    private static long Position(long sequence) => sequence * 10;

    private static Task EventAsync(
        TestStore store,
        string group,
        long sequence,
        long stream,
        string kind = GroupActors.Kind
    ) =>
        store.ExecuteAsync(
            $"""
            insert into journal (stream, position, commit_id, actor_id, sequence, type, version, time_ms,
              payload) values ({stream}, {Position(sequence) + group.Length}, {new byte[16]},
              {kind + ":" + group}, {sequence}, {"order.placed"}, 1,
              {Samples.Noon.ToUnixTimeMilliseconds()}, {"{}"u8.ToArray()})
            """
        );
}
