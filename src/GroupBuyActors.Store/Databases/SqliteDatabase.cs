using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace GroupBuyActors.Store.Databases;

/// <summary>
/// One SQLite file in WAL mode. Readers run on connections kept open, off the caller's thread (a grain's turn must not
/// wait for a disk); writers queue on one thread, so that they wait for each other and not, asleep in the library, for
/// the file's lock.
/// </summary>
internal sealed class SqliteDatabase : Database
{
    private readonly ConnectionPool<SqliteConnection> _readers;
    private readonly Lazy<SqliteWriter> _writer;
    private readonly string _settings;
    private volatile bool _disposed;

    /// <param name="connectionString">With <c>Data Source</c>, a path; its directory is made where it is
    /// missing.</param>
    /// <param name="readersMax">Connections that read at once.</param>
    /// <param name="survivesPowerLoss">True: every commit waits for the disk. False: a commit survives the process, not
    /// the machine.</param>
    public SqliteDatabase(string connectionString, int readersMax, bool survivesPowerLoss = true)
    {
        var builder = new SqliteConnectionStringBuilder(connectionString);
        if (builder.DataSource.Length == 0 || builder.DataSource == ":memory:" || builder.Mode == SqliteOpenMode.Memory)
            throw new StoreUnusableException(
                "The SQLite connection string must name a file, for example Data Source=data/groupbuy.db."
            );
        Path = System.IO.Path.GetFullPath(builder.DataSource);
        Mark = new SqliteMark(Path);
        builder.DataSource = Path;
        builder.Pooling = false;
        builder.DefaultTimeout = 10;
        ConnectionString = builder.ConnectionString;
        DataSource = new Source(this);
        _readers = new ConnectionPool<SqliteConnection>(readersMax, _ => Task.FromResult(Open()));
        _writer = new Lazy<SqliteWriter>(() => new SqliteWriter(Open(), Turns, System.IO.Path.GetFileName(Path)));
        _settings = $"""
            pragma busy_timeout = 5000; pragma journal_mode = wal;
              pragma synchronous = {(survivesPowerLoss ? "full" : "normal")}; pragma foreign_keys = off;
            """;
    }

    /// <summary>The committer's lane and the writing thread write in turn.</summary>
    public SqliteTurns Turns { get; } = new();

    /// <summary>The file, absolute.</summary>
    public string Path { get; }

    /// <summary>Remembers how far the file has got, where a committer writes it.</summary>
    public SqliteMark Mark { get; }

    /// <summary>With the absolute path, without pooling.</summary>
    public string ConnectionString { get; }

    public override Dialect Dialect => Dialect.Sqlite;

    public override DbDataSource DataSource { get; }

    /// <summary>
    /// A new connection with this service's settings. They are per connection, all but the journal mode.
    /// </summary>
    public SqliteConnection Open()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        var connection = new SqliteConnection(ConnectionString);
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = _settings;
            command.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public override Task<T> ReadAsync<T>(
        Func<DbSession, CancellationToken, Task<T>> read,
        CancellationToken cancellation
    ) =>
        _readers.UseAsync(
            connection => Task.Run(() => read(new DbSession(connection, null), cancellation), cancellation),
            cancellation
        );

    public override Task<T> WriteAsync<T>(
        Func<DbSession, CancellationToken, Task<T>> write,
        CancellationToken cancellation
    )
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _writer.Value.RunAsync(write, cancellation);
    }

    /// <summary>
    /// By the writing thread, which takes turns with the committer: whoever waits for the file's own lock may wait for
    /// ever beside it.
    /// </summary>
    public override Task EachAsync(SqlText statements, CancellationToken cancellation) =>
        WriteAsync(statements, cancellation);

    public override Task<T> ExchangeAsync<T>(
        SqlText read,
        Func<DbDataReader, CancellationToken, Task<(SqlText Writes, T Result)>> decide,
        CancellationToken cancellation
    ) =>
        WriteAsync(
            async (session, ct) =>
            {
                var (writes, result) = await session.ReadAsync(read, decide, ct).ConfigureAwait(false);
                if (writes.Length > 0)
                    await session.ExecuteAsync(writes, ct).ConfigureAwait(false);
                return result;
            },
            cancellation
        );

    public override async ValueTask DisposeAsync()
    {
        _disposed = true;
        if (_writer.IsValueCreated)
            await _writer.Value.DisposeAsync().ConfigureAwait(false);
        await _readers.DisposeAsync().ConfigureAwait(false);
        try
        {
            SqliteFileCheck.Seal(this);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next start looks at the file as after a death.
        }
        Mark.Dispose();
    }

    private sealed class Source(SqliteDatabase database) : DbDataSource
    {
        public override string ConnectionString => database.ConnectionString;

        protected override DbConnection CreateDbConnection() => new SqliteConnection(database.ConnectionString);

        protected override DbConnection OpenDbConnection() => database.Open();

        protected override ValueTask<DbConnection> OpenDbConnectionAsync(
            CancellationToken cancellationToken = default
        ) => new(database.Open());
    }
}
