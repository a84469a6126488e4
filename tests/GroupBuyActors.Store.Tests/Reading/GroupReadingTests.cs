namespace GroupBuyActors.Store.Tests.Reading;

public sealed class SqliteGroupReadingTests(SqliteFiles files) : GroupReadingTests(files);

public sealed class MySqlGroupReadingTests(MariaDb server) : GroupReadingTests(server);

/// <summary>What an activation starts from.</summary>
public abstract class GroupReadingTests(IDatabaseFixture databases)
{
    private const string Id = "10042.SH-PUDONG.tea-1123";
    private static readonly GroupId Group = GroupId.Parse(Id);

    [Fact]
    public async Task AGroupThatNothingHappenedToIsEmpty()
    {
        await using var store = await TestStore.NewAsync(databases);
        var loaded = await store.Groups.LoadAsync(Group.Actor, default);
        Assert.Equal(0, loaded.SnapshotSequence);
        Assert.Null(loaded.Snapshot);
        Assert.Empty(loaded.Tail);
        Assert.Equal(0, await store.Groups.HeadAsync(Group.Actor, default));
    }

    [Fact]
    public async Task TheTailIsWhatCameAfterTheSnapshot()
    {
        await using var store = await TestStore.NewAsync(databases);
        for (var n = 1; n <= 9; n++)
            await store.JournalAsync(Id, n);
        await store.JournalAsync("10042.SH-PUDONG.tea-1124", 1, stream: 2);
        var snapshot = Bytes(600_000, 3);
        await store.Groups.WriteSnapshotAsync(Group.Actor, 6, snapshot, default);

        var loaded = await store.Groups.LoadAsync(Group.Actor, default);
        Assert.Equal(6, loaded.SnapshotSequence);
        Assert.Equal(snapshot, loaded.Snapshot);
        Assert.Equal([7L, 8, 9], loaded.Tail.Select(row => row.Sequence));
        var row = loaded.Tail[0];
        Assert.Equal(Group.Actor, row.Actor);
        Assert.Equal(Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), row.CommitId);
        Assert.Equal(Samples.Noon.AddMilliseconds(7), row.Time);
        Assert.Equal("{}"u8.ToArray(), row.Payload);
        Assert.Equal("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", row.Trace);
        Assert.Equal(9, await store.Groups.HeadAsync(Group.Actor, default));
        Assert.Equal(
            [3L, 4],
            (await store.Groups.HistoryAsync(Group.Actor, 2, 2, default)).Select(item => item.Sequence)
        );
    }

    /// <summary>Two writers mixed their chunks, or a crash came before the header.</summary>
    [Fact]
    public async Task ASnapshotThatIsNotWholeIsPassedOverForAnOlderOne()
    {
        await using var store = await TestStore.NewAsync(databases);
        for (var n = 1; n <= 9; n++)
            await store.JournalAsync(Id, n);
        var older = Bytes(300_000, 1);
        await store.Groups.WriteSnapshotAsync(Group.Actor, 4, older, default);
        await store.Groups.WriteSnapshotAsync(Group.Actor, 7, Bytes(300_000, 2), default);
        await store.ExecuteAsync($"update snapshot_chunk set data = {Bytes(100, 9)} where sequence = 7 and chunk = 1");

        var loaded = await store.Groups.LoadAsync(Group.Actor, default);
        Assert.Equal(4, loaded.SnapshotSequence);
        Assert.Equal(older, loaded.Snapshot);
        Assert.Equal([5L, 6, 7, 8, 9], loaded.Tail.Select(row => row.Sequence));

        await store.ExecuteAsync($"delete from snapshot_chunk where sequence = 4 and chunk = 0");
        loaded = await store.Groups.LoadAsync(Group.Actor, default);
        Assert.Equal(0, loaded.SnapshotSequence);
        Assert.Null(loaded.Snapshot);
        Assert.Equal(9, loaded.Tail.Count);
    }

    [Fact]
    public async Task ChunksWithoutAHeaderAreNoSnapshot()
    {
        await using var store = await TestStore.NewAsync(databases);
        await store.JournalAsync(Id, 1);
        await store.ExecuteAsync(
            $"insert into snapshot_chunk (actor_id, sequence, chunk, data) values ({Group.Actor}, 1, 0, {Bytes(10, 1)})"
        );
        var loaded = await store.Groups.LoadAsync(Group.Actor, default);
        Assert.Null(loaded.Snapshot);
        Assert.Single(loaded.Tail);
    }

    [Fact]
    public async Task AllButTheNewestTwoSnapshotsGo()
    {
        await using var store = await TestStore.NewAsync(databases);
        for (var n = 1; n <= 4; n++)
            await store.JournalAsync(Id, n);
        for (var n = 1; n <= 4; n++)
            await store.Groups.WriteSnapshotAsync(Group.Actor, n, Bytes(10, n), default);
        Assert.Equal(2, await store.NumberAsync($"select count(*) from snapshot_head"));
        Assert.Equal(3, await store.NumberAsync($"select min(sequence) from snapshot_chunk"));
    }

    [Fact]
    public async Task WritingTheSameSnapshotAgainIsNoFault()
    {
        await using var store = await TestStore.NewAsync(databases);
        await store.JournalAsync(Id, 1);
        var snapshot = Bytes(10, 1);
        await store.Groups.WriteSnapshotAsync(Group.Actor, 1, snapshot, default);
        await store.Groups.WriteSnapshotAsync(Group.Actor, 1, snapshot, default);
        Assert.Equal(snapshot, (await store.Groups.LoadAsync(Group.Actor, default)).Snapshot);
    }

    /// <summary>The parts of a load see different moments, because each is a statement of its own.</summary>
    [Fact]
    public async Task ASnapshotWrittenDuringALoadHidesNoEvents()
    {
        const int Events = 3;
        await using var store = await TestStore.NewAsync(databases);
        for (var group = 1; group <= 40; group++)
        {
            var id = GroupId.Parse($"10042.SH-PUDONG.tea-{group}");
            for (var n = 1; n <= Events; n++)
                await store.JournalAsync(id.Value, n, stream: group);
            var writing = store.Groups.WriteSnapshotAsync(id.Actor, Events, Bytes(10, group), default);
            do
            {
                var loaded = await store.Groups.LoadAsync(id.Actor, default);
                Assert.Equal(Events, loaded.SnapshotSequence + loaded.Tail.Count);
            } while (!writing.IsCompleted);
            await writing;
        }
    }

    [Fact]
    public async Task AnEmptySnapshotIsOne()
    {
        await using var store = await TestStore.NewAsync(databases);
        await store.Groups.WriteSnapshotAsync(Group.Actor, 1, ReadOnlyMemory<byte>.Empty, default);
        Assert.Empty((await store.Groups.LoadAsync(Group.Actor, default)).Snapshot!);
    }

    private static byte[] Bytes(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
