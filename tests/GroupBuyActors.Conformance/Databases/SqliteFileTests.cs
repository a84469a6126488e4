using System.Globalization;
using GroupBuyActors.Committing;
using GroupBuyActors.Store;
using GroupBuyActors.Store.Committing.Sqlite;
using GroupBuyActors.Store.Databases;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace GroupBuyActors.Conformance.Databases;

/// <summary>
/// A start on a SQLite file says what is missing of it; SQLite by itself takes most of this for a file that is as it
/// should be.
/// </summary>
public sealed class SqliteFileTests(ITestOutputHelper output) : IDisposable
{
    private const int FlippedBits = 20;
    private readonly DirectoryInfo _place = Directory.CreateTempSubdirectory("groupbuy-file-");
    private int _folders;

    [Fact]
    public async Task AFileThatWasStoppedInGoodOrderIsTakenAgainAndAgain()
    {
        var path = NewPath();
        for (var run = 1; run <= 3; run++)
        {
            await RunAsync(path, commits: 5);
            Assert.False(File.Exists(path + "-wal"));
            using var mark = new SqliteMark(path);
            var state = mark.Read()!;
            Assert.Equal((5L, new FileInfo(path).Length), (state.Position, state.Length));
            Assert.NotNull(state.Sha256);
        }

        Assert.Equal(15, await CountAsync(path));
    }

    [Fact]
    public async Task AFileWhoseProcessWasKilledIsTakenWithItsLog()
    {
        var path = await KilledAsync(commits: 57);
        await StartAsync(path);
        Assert.Equal(57, await CountAsync(path));
    }

    [Fact]
    public async Task ADeletedLogIsMissed()
    {
        var path = await KilledAsync(commits: 57);
        File.Delete(path + "-wal");
        var told = await RefusedAsync(path);
        Assert.Contains("ends before position 57", told);
        Assert.Contains($"{path}-wal", told);
        await AssertGoesOnOnPurposeAsync(path, told);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.9)]
    public async Task ALogThatIsDamagedSomewhereIsMissedFromThereOn(double where)
    {
        var path = await KilledAsync(commits: 57);
        var log = await File.ReadAllBytesAsync(path + "-wal");
        log[(int)(log.Length * where)] ^= 1;
        await File.WriteAllBytesAsync(path + "-wal", log);
        await AssertGoesOnOnPurposeAsync(path, await RefusedAsync(path));
    }

    [Fact]
    public async Task ALogThatIsGoneMattersNotWhereAllOfItWasInTheFile()
    {
        var path = await KilledAsync(commits: 57, checkpointed: true);
        File.Delete(path + "-wal");
        await StartAsync(path);
        Assert.Equal(57, await CountAsync(path));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnEmptiedOrDeletedFileIsMissed(bool emptied)
    {
        foreach (var path in new[] { await StoppedAsync(5), await KilledAsync(5) })
        {
            if (emptied)
                await File.WriteAllBytesAsync(path, []);
            else
                File.Delete(path);
            var told = await RefusedAsync(path);
            Assert.Contains(emptied ? "is empty" : "is missing", told);
            Assert.Contains("position 5", told);
            // A log of a file that is gone fits no new one.
            File.Delete(path + "-wal");
            await AssertGoesOnOnPurposeAsync(path, told);
        }
    }

    [Fact]
    public async Task AnOlderCopyIsMissed()
    {
        var path = await StoppedAsync(5);
        File.Copy(path, path + ".old");
        await RunAsync(path, commits: 5);
        File.Move(path + ".old", path, overwrite: true);
        await AssertGoesOnOnPurposeAsync(path, await RefusedAsync(path));
    }

    [Fact]
    public async Task FlippedBitsAnywhereInAFileThatWasClosedAreNoticed()
    {
        var seed = Seed();
        var dice = new Random(seed);
        var path = await StoppedAsync(40);
        for (var round = 0; round < 20; round++)
        {
            var copy = CopyOf(path);
            var bytes = await File.ReadAllBytesAsync(copy);
            for (var flip = 0; flip < FlippedBits; flip++)
                bytes[dice.Next(bytes.Length)] ^= (byte)(1 << dice.Next(8));
            await File.WriteAllBytesAsync(copy, bytes);
            Assert.Contains(copy, await RefusedAsync(copy));
        }
    }

    /// <summary>A killed process leaves no sum of the bytes: what holds the file together is looked at.</summary>
    [Fact]
    public async Task ADamagedPageOfAFileWhoseProcessWasKilledIsNoticed()
    {
        const int page = 4096;
        var path = await KilledAsync(40, checkpointed: true);
        File.Delete(path + "-wal");
        var pages = (int)(new FileInfo(path).Length / page);
        for (var number = 1; number < pages; number++)
        {
            var copy = CopyOf(path);
            var bytes = await File.ReadAllBytesAsync(copy);
            // The kind of the page and the number of its cells.
            for (var at = 0; at < 8; at++)
                bytes[number * page + at] ^= 0x55;
            await File.WriteAllBytesAsync(copy, bytes);
            Assert.Contains("damaged", await RefusedAsync(copy));
        }
    }

    [Fact]
    public async Task AMarkWhoseLastWriteWasBrokenOffTellsWhatItToldBefore()
    {
        var path = await KilledAsync(5);
        var mark = await File.ReadAllBytesAsync(path + ".mark");
        var newest = mark.AsSpan(0, 256).IndexOf("position 5"u8) >= 0 ? 0 : 256;
        mark.AsSpan(newest + 40, 100).Clear();
        await File.WriteAllBytesAsync(path + ".mark", mark);
        using (var read = new SqliteMark(path))
            Assert.Equal(4, read.Read()!.Position);
        await StartAsync(path);

        mark.AsSpan().Clear();
        await File.WriteAllBytesAsync(path + ".mark", mark);
        Assert.Contains($"remove it", await RefusedAsync(path));
    }

    /// <summary>The owner writes on; what a second process would read is half of it.</summary>
    [Fact]
    public async Task AFileThatAnotherProcessOwnsIsLeftToItsOwner()
    {
        var path = await KilledAsync(5);
        File.Delete(path + "-wal");
        using var owner = SqliteOwnership.Take(path);
        await StartAsync(path);
    }

    public void Dispose() => _place.Delete(recursive: true);

    private string NewPath() => Path.Combine(_place.CreateSubdirectory($"{++_folders}").FullName, "groupbuy.db");

    private string CopyOf(string path)
    {
        var copy = NewPath();
        foreach (var end in (string[])["", "-wal", ".mark"])
            if (File.Exists(path + end))
                File.Copy(path + end, copy + end);
        return copy;
    }

    private async Task<string> StoppedAsync(int commits)
    {
        var path = NewPath();
        await RunAsync(path, commits);
        return path;
    }

    /// <summary>What lies there at the moment of a kill -9: the files of a process that goes on elsewhere.</summary>
    private async Task<string> KilledAsync(int commits, bool checkpointed = false)
    {
        var copy = "";
        await RunAsync(
            NewPath(),
            commits,
            async database =>
            {
                if (checkpointed)
                {
                    await using var connection = database.Open();
                    await using var command = connection.CreateCommand();
                    command.CommandText = "pragma wal_checkpoint(passive)";
                    await command.ExecuteNonQueryAsync();
                }

                copy = CopyOf(database.Path);
            }
        );
        return copy;
    }

    /// <summary>A process from its start to its stop.</summary>
    private static async Task RunAsync(string path, int commits, Func<SqliteDatabase, Task>? atTheEnd = null)
    {
        await using var database = await StartAsync(path, keep: true);
        using var committer = new SqliteCommitter(
            database!,
            new StoreOptions(),
            TimeProvider.System,
            NullLogger<SqliteCommitter>.Instance
        );
        await committer.StartAsync(new SiloIdentity("S127.0.0.1:11111:1", "silo-1"), CancellationToken.None);
        var group = Commits.Group(Math.Abs(committer.Streams[0].GetHashCode()));
        for (var n = 1; n <= commits; n++)
            Assert.Equal(CommitStatus.Committed, (await committer.SendAsync(Commits.Join(group, n))).Status);
        if (atTheEnd is not null)
            await atTheEnd(database!);
        await committer.StopAsync(CancellationToken.None);
    }

    private static async Task<SqliteDatabase?> StartAsync(string path, bool keep = false)
    {
        var database = new SqliteDatabase($"Data Source={path}", 4);
        try
        {
            await new SqliteStoreHealth(
                database,
                TimeProvider.System,
                NullLogger<SqliteStoreHealth>.Instance
            ).MigrateAsync(CancellationToken.None);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }

        if (keep)
            return database;
        await database.DisposeAsync();
        return null;
    }

    private static async Task<string> RefusedAsync(string path) =>
        (await Assert.ThrowsAsync<StoreUnusableException>(() => StartAsync(path))).Message;

    /// <summary>It is refused every time, until somebody says that what is there is all there should be.</summary>
    private static async Task AssertGoesOnOnPurposeAsync(string path, string told)
    {
        Assert.Contains($"remove {path}.mark", told);
        await RefusedAsync(path);
        File.Delete(path + ".mark");
        await RunAsync(path, commits: 3);
        await RunAsync(path, commits: 3);
    }

    private static async Task<long> CountAsync(string path)
    {
        await using var connection = new SqliteConnection($"Data Source={path};Pooling=false");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "select count(*) from journal";
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private int Seed()
    {
        var seed = int.TryParse(
            Environment.GetEnvironmentVariable("GROUPBUY_SEED"),
            CultureInfo.InvariantCulture,
            out var given
        )
            ? given
            : (int)(TimeProvider.System.GetTimestamp() & 0xFFFFFF);
        output.WriteLine($"GROUPBUY_SEED={seed}");
        return seed;
    }
}
