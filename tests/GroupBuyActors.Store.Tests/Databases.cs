using GroupBuyActors.Testing;

namespace GroupBuyActors.Store.Tests;

/// <summary>Opens stores, each on a database of its own.</summary>
public interface IDatabaseFixture
{
    /// <summary>Which database.</summary>
    StoreProvider Provider { get; }

    /// <summary>A connection string to a database that does not hold anything.</summary>
    Task<string> NewDatabaseAsync();
}

/// <summary>SQLite files in a directory that goes with the test.</summary>
public sealed class SqliteFiles : IDatabaseFixture, IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("groupbuy-store-");
    private int _files;

    public StoreProvider Provider => StoreProvider.Sqlite;

    public Task<string> NewDatabaseAsync() =>
        Task.FromResult(
            $"Data Source={Path.Combine(_directory.FullName, $"{Interlocked.Increment(ref _files)}", "store.db")}"
        );

    public void Dispose() => _directory.Delete(recursive: true);
}

/// <summary>One MariaDB server for the tests of an assembly.</summary>
public sealed class MariaDb : IDatabaseFixture, IAsyncLifetime
{
    public MariaDbServer Server { get; private set; } = null!;

    public StoreProvider Provider => StoreProvider.MySql;

    public async ValueTask InitializeAsync() => Server = await MariaDbServer.StartAsync();

    public async Task<string> NewDatabaseAsync() => Server.ConnectionString(await Server.CreateDatabaseAsync("store"));

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
