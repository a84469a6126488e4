using GroupBuyActors.Store;
using GroupBuyActors.Store.Committing;
using GroupBuyActors.Store.Committing.Sqlite;
using GroupBuyActors.Store.Databases;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace GroupBuyActors.Conformance.Databases;

/// <summary>A file in a directory of its own.</summary>
internal sealed class SqliteUnderTest : StoreUnderTest
{
    private readonly string _directory = Directory.CreateTempSubdirectory("groupbuy-sqlite-").FullName;
    private readonly SqliteDatabase _database;

    private SqliteUnderTest() =>
        _database = new SqliteDatabase($"Data Source={Path.Combine(_directory, "groupbuy.db")}", 4);

    public override Database Database => _database;

    public override bool IsServer => false;

    public string FilePath => _database.Path;

    public static async Task<StoreUnderTest> CreateAsync()
    {
        var store = new SqliteUnderTest();
        await new SqliteStoreHealth(
            store._database,
            TimeProvider.System,
            NullLogger<SqliteStoreHealth>.Instance
        ).MigrateAsync(CancellationToken.None);
        return store;
    }

    /// <summary>Another connection takes the file's write lock.</summary>
    public override Task<IAsyncDisposable> HoldCommitsAsync(Committer committer)
    {
        var connection = _database.Open();
        var transaction = connection.BeginTransaction(deferred: false);
        return Task.FromResult<IAsyncDisposable>(new Held(connection, transaction));
    }

    /// <inheritdoc/>
    public override Task<IAsyncDisposable> RefuseWritesAsync() => HoldCommitsAsync(null!);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    protected override Committer Create(StoreOptions options, TimeProvider time) =>
        new SqliteCommitter(_database, options, time, NullLogger<SqliteCommitter>.Instance);

    private sealed class Held(SqliteConnection connection, SqliteTransaction transaction) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await transaction.RollbackAsync();
            await connection.DisposeAsync();
        }
    }
}
