using System.Text;
using GroupBuyActors.Store.Retention;
using GroupBuyActors.Streams;

namespace GroupBuyActors.Store.Tests.Retention;

public sealed class SqliteOldRowsTests(SqliteFiles files) : OldRowsTests(files);

public sealed class MySqlOldRowsTests(MariaDb server) : OldRowsTests(server);

/// <summary>Rows of each kind leave after their time and not before, and what must stay stays.</summary>
public abstract class OldRowsTests(IDatabaseFixture databases)
{
    private static readonly string[] Sinks = ["projections", "kafka"];

    [Fact]
    public async Task OldRunsGoInBoundedSteps()
    {
        await using var store = await TestStore.NewAsync(databases);
        var today = Ms(Samples.Noon) / 86_400_000;
        for (var n = 0; n < 10; n++)
            await store.ExecuteAsync(
                $"""
                insert into task_run (due_day, task_id, version, commit_id)
                  values ({today - n}, {"run"}, 1, {new byte[16]})
                """
            );
        Assert.Equal(new PurgeStep(3, false), await store.OldRows.TaskRunsAsync(Samples.Noon.AddDays(-4), 3, default));
        Assert.Equal(new PurgeStep(2, true), await store.OldRows.TaskRunsAsync(Samples.Noon.AddDays(-4), 3, default));
        Assert.Equal(new PurgeStep(0, true), await store.OldRows.TaskRunsAsync(Samples.Noon.AddDays(-4), 3, default));
        Assert.Equal(5, await store.NumberAsync($"select count(*) from task_run"));
    }

    [Fact]
    public async Task MovesGoByTheDatabasesOwnClock()
    {
        await using var store = await TestStore.NewAsync(databases);
        foreach (var minutes in (int[])[0, 59, 61, 600])
            await store.ExecuteAsync(
                $"""
                insert into task_move (at_ms, id) values ({store.Database.Dialect.NowMs} -
                  {minutes * 60_000}, {"moved"})
                """
            );
        Assert.Equal(new PurgeStep(2, true), await store.OldRows.TaskMovesAsync(TimeSpan.FromHours(1), 100, default));
        Assert.Equal(2, await store.NumberAsync($"select count(*) from task_move"));
    }

    [Fact]
    public async Task AuditEntriesGoOldestFirst()
    {
        await using var store = await TestStore.NewAsync(databases);
        for (var n = 0; n < 7; n++)
            await store.GroupQueries.AuditAsync(Samples.Noon.AddDays(n), "op", "task.cancel", $"{n}", null, default);
        Assert.Equal(new PurgeStep(0, true), await store.OldRows.AuditAsync(Samples.Noon, 100, default));
        Assert.Equal(new PurgeStep(2, false), await store.OldRows.AuditAsync(Samples.Noon.AddDays(3), 2, default));
        Assert.Equal(new PurgeStep(1, true), await store.OldRows.AuditAsync(Samples.Noon.AddDays(3), 2, default));
        Assert.Equal(
            ["6", "5", "4", "3"],
            (await store.GroupQueries.AuditTrailAsync(null, 10, default)).Items.Select(entry => entry.Target)
        );
    }

    [Fact]
    public async Task CommitsOfTasksAloneGoOnceEverySinkHasPassedThemAndAStreamsLastRowStays()
    {
        await using var store = await TestStore.NewAsync(databases);
        await StreamAsync(store, 1, StreamState.Alive);
        for (var position = 1; position <= 6; position++)
            await CommitRowAsync(store, 1, position, Samples.Noon);
        await store.JournalAsync("1.SH.a", 7);
        await CommitRowAsync(store, 1, 8, Samples.Noon);
        var before = Samples.Noon.AddMilliseconds(1);

        Assert.Equal(new PurgeStep(0, true), await store.OldRows.CommitsAsync(Samples.Noon, Sinks, 100, default));
        Assert.Equal(new PurgeStep(0, true), await store.OldRows.CommitsAsync(before, Sinks, 100, default));
        await store.ExecuteAsync($"insert into relay_cursor (stream, sink, position) values (1, {"projections"}, 8)");
        Assert.Equal(new PurgeStep(0, true), await store.OldRows.CommitsAsync(before, Sinks, 100, default));
        await store.ExecuteAsync($"insert into relay_cursor (stream, sink, position) values (1, {"kafka"}, 4)");
        Assert.Equal(4, await AllAsync(store, before, 3));
        await store.ExecuteAsync($"update relay_cursor set position = 8 where sink = {"kafka"}");
        Assert.Equal(2, await AllAsync(store, before, 3));
        Assert.Equal([7L, 8], await PositionsAsync(store));

        // The lane that wrote it is gone, and so is its stream: nobody asks for its last row any more.
        await store.ExecuteAsync($"delete from stream");
        Assert.Equal(1, await AllAsync(store, before, 3));
        Assert.Equal([7L], await PositionsAsync(store));
    }

    [Fact]
    public async Task CommitsThatAreTooYoungOfOneStreamHoldUpNoOther()
    {
        await using var store = await TestStore.NewAsync(databases);
        await CommitRowAsync(store, -9, 1, Samples.Noon.AddDays(1));
        await CommitRowAsync(store, -9, 2, Samples.Noon.AddDays(1));
        await CommitRowAsync(store, 5, 1, Samples.Noon);
        Assert.Equal(1, await AllAsync(store, Samples.Noon.AddHours(1), 100));
        Assert.Equal(2, await AllAsync(store, Samples.Noon.AddDays(2), 1));
    }

    private static async Task<int> AllAsync(TestStore store, DateTimeOffset before, int limit)
    {
        var removed = 0;
        for (var step = new PurgeStep(0, false); !step.IsDone; removed += step.Removed)
            step = await store.OldRows.CommitsAsync(before, Sinks, limit, default);
        return removed;
    }

    private static Task<List<long>> PositionsAsync(TestStore store) =>
        store.Database.ReadAsync(
            (session, ct) =>
                session.ListAsync(
                    $"select position from journal where stream = 1 order by position",
                    row => row.GetInt64(0),
                    ct
                ),
            default
        );

    private static Task StreamAsync(TestStore store, long id, StreamState state) =>
        store.ExecuteAsync(
            $"insert into stream (id, silo_address, silo_slot, state) values ({id}, {"a"}, {"a"}, {(int)state})"
        );

    private static Task CommitRowAsync(TestStore store, long stream, long position, DateTimeOffset time) =>
        store.ExecuteAsync(
            $"""
            insert into journal (stream, position, commit_id, time_ms)
              values ({stream}, {position}, {Encoding.ASCII.GetBytes("0123456789abcdef")}, {Ms(time)})
            """
        );

    private static long Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds();
}
