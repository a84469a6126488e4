using GroupBuyActors.Store;
using GroupBuyActors.Store.Committing;
using GroupBuyActors.Store.Committing.MySql;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using MySqlConnector;

namespace GroupBuyActors.Conformance.Databases;

/// <summary>A database on the server of the run, with a proxy between it and the committers.</summary>
internal sealed class MySqlUnderTest : StoreUnderTest
{
    private readonly MariaDbServer _server;
    private readonly string _name;
    private readonly MySqlDatabase _database;
    private readonly MySqlDatabase _throughProxy;

    private MySqlUnderTest(MariaDbServer server, string name, string? committersUser)
    {
        (_server, _name) = (server, name);
        Proxy = TcpFaultProxy.Start(server);
        _database = new MySqlDatabase(server.ConnectionString(name), 8, TimeSpan.FromSeconds(10));
        var throughProxy = new MySqlConnectionStringBuilder(server.ConnectionString(name, Proxy.Port));
        if (committersUser is not null)
            (throughProxy.UserID, throughProxy.Password) = (committersUser, committersUser);
        _throughProxy = new MySqlDatabase(throughProxy.ConnectionString, 8, TimeSpan.FromSeconds(3));
    }

    public override Database Database => _database;

    public override bool IsServer => true;

    /// <summary>The database's name.</summary>
    public string Name => _name;

    /// <summary>All connections of committers go through it.</summary>
    public TcpFaultProxy Proxy { get; }

    /// <param name="server">Where a database is made.</param>
    /// <param name="committersUser">A user, with its name as its password, that committers come as; null for one that
    /// may do everything.</param>
    public static async Task<StoreUnderTest> CreateAsync(MariaDbServer server, string? committersUser = null)
    {
        var store = new MySqlUnderTest(server, await server.CreateDatabaseAsync("conformance"), committersUser);
        await new MySqlStoreHealth(
            store._database,
            TimeProvider.System,
            NullLogger<MySqlStoreHealth>.Instance
        ).MigrateAsync(CancellationToken.None);
        return store;
    }

    /// <summary>A session of its own whose transaction ends with it.</summary>
    public async Task<MySqlConnection> OpenAsync()
    {
        var connection = new MySqlConnection(_server.ConnectionString(_name) + ";Pooling=false");
        await connection.OpenAsync();
        // Locks rows, not the gaps between them.
        await RunAsync(connection, "set session transaction isolation level read committed");
        return connection;
    }

    /// <summary>Another session locks the committer's stream rows, where every commit begins.</summary>
    public override async Task<IAsyncDisposable> HoldCommitsAsync(Committer committer)
    {
        var connection = await OpenAsync();
        await RunAsync(
            connection,
            $"begin; select * from stream where id in ({string.Join(',', committer.Streams)}) for update"
        );
        return connection;
    }

    /// <summary>Another session locks a table that every commit writes, as a change of its columns does.</summary>
    public override async Task<IAsyncDisposable> RefuseWritesAsync()
    {
        var connection = await OpenAsync();
        await RunAsync(connection, "lock tables journal read");
        return connection;
    }

    public static async Task RunAsync(MySqlConnection connection, string sql)
    {
        await using var command = new MySqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        Proxy.Resume();
        Proxy.Refuse(false);
        await base.DisposeAsync();
        await _throughProxy.DisposeAsync();
        await Proxy.DisposeAsync();
    }

    protected override Committer Create(StoreOptions options, TimeProvider time) =>
        new MySqlCommitter(_throughProxy, options, time, NullLogger<MySqlCommitter>.Instance);
}
