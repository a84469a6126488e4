using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Tests.Retention;

public sealed class SqliteOldActorsTests(SqliteFiles files) : OldActorsTests(files);

public sealed class MySqlOldActorsTests(MariaDb server) : OldActorsTests(server);

/// <summary>Which actors of a kind a scan finds, and what leaves of one.</summary>
public abstract class OldActorsTests(IDatabaseFixture databases)
{
    private static readonly string[] Sinks = ["projections"];
    private static readonly ActorId One = new("redrives", "one");
    private static readonly ActorId Two = new("redrives", "two");

    [Fact]
    public async Task AScanFindsTheActorsOfOneKindWhoseLastEventWasBefore()
    {
        await using var store = await TestStore.NewAsync(databases);
        foreach (
            var (actor, last) in new[]
            {
                (One, Samples.Noon),
                (Two, Samples.Noon.AddDays(1)),
                (new ActorId("redrives", "zero"), Samples.Noon.AddHours(-1)),
                (new ActorId("redrives-b", "other"), Samples.Noon),
                (new ActorId("redrive", "other"), Samples.Noon),
                (new ActorId("groups", "1.SH.a"), Samples.Noon),
            }
        )
            for (var n = 1; n <= 3; n++)
                await EventAsync(store, actor, n, 1, last.AddMinutes(n - 3));
        Assert.Equal(["one", "zero"], await ScanAsync(store, Samples.Noon.AddMilliseconds(1), 1));
        Assert.Equal(["zero"], await ScanAsync(store, Samples.Noon, 2));
        Assert.Equal(["one", "two", "zero"], await ScanAsync(store, Samples.Noon.AddDays(2), 100));
        Assert.Empty(await ScanAsync(store, Samples.Noon.AddDays(-1), 100));
    }

    [Fact]
    public async Task AnActorGoesOnceEverySinkHasPassedItsEventsAndNothingCameAfter()
    {
        await using var store = await TestStore.NewAsync(databases);
        foreach (var actor in new[] { One, Two })
        {
            for (var n = 1; n <= 3; n++)
                await EventAsync(store, actor, n, 2, Samples.Noon);
            await store.Groups.WriteSnapshotAsync(actor, 3, "{}"u8.ToArray(), default);
        }

        await store.ExecuteAsync(
            $"insert into stream (id, silo_address, silo_slot, state) values (2, {"a"}, {"a"}, 1)"
        );
        Assert.Null(await store.OldActors.RemoveAsync(One, 3, Sinks, default));
        await store.ExecuteAsync(
            $"insert into relay_cursor (stream, sink, position) values (2, {"projections"}, 10000)"
        );
        Assert.Null(await store.OldActors.RemoveAsync(One, 2, Sinks, default));
        Assert.True(await store.OldActors.RemoveAsync(One, 3, Sinks, default));
        Assert.Equal(0, await store.Groups.HeadAsync(One, default));
        // The last row of a stream that is there stays, and with it its actor.
        Assert.Null(await store.OldActors.RemoveAsync(Two, 3, Sinks, default));
        foreach (var (table, rows) in new[] { ("journal", 3), ("snapshot_head", 1), ("snapshot_chunk", 1) })
            Assert.Equal(rows, await store.NumberAsync($"select count(*) from {new Raw(table)}"));
        Assert.Null(await store.OldActors.RemoveAsync(One, 3, Sinks, default));
    }

    private static async Task<List<string>> ScanAsync(TestStore store, DateTimeOffset before, int limit)
    {
        var found = new List<string>();
        ActorId? after = null;
        do
        {
            (var some, after) = await store.OldActors.ScanAsync("redrives", after, before, limit, default);
            found.AddRange(some.Select(actor => actor.Key));
        } while (after is not null);
        return found;
    }

    // Each actor's rows lie together, in the order of their names.
    private static Task EventAsync(TestStore store, ActorId actor, long sequence, long stream, DateTimeOffset time) =>
        store.ExecuteAsync(
            $"""
            insert into journal (stream, position, commit_id, actor_id, sequence, type, version, time_ms,
              payload) values ({stream}, {actor.ToString().Sum(letter => letter) % 1000 * 10 + sequence},
              {new byte[16]}, {actor}, {sequence}, {"redrive.page-done"}, 1, {time.ToUnixTimeMilliseconds()},
              {"{}"u8.ToArray()})
            """
        );
}
