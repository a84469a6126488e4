using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace GroupBuyActors.Store.Databases;

/// <summary>
/// One SQLite file in WAL mode. Reads use connections that stay open, and do not run on the caller's thread (a grain
/// must not wait for a disk). Writes are queued on one thread, so that they wait for each other there and not for the
/// file's lock, for which SQLite waits by sleeping.
/// </summary>
internal sealed class SqliteDatabase : Database
{
    private readonly ConnectionPool<SqliteConnection> _readers;
    private readonly Lazy<SqliteWriter> _writer;
    private readonly string _settings;
    private volatile bool _disposed;

    /// <param name="connectionString">With <c>Data Source</c>, a path; its directory is created if it is
    /// missing.</param> <param name="readersMax">Connections that read at the same time.</param>
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
        _readers = new ConnectionPool<SqliteConnection>(readersMax, ct => Task.Run(Open, ct));
        _writer = new Lazy<SqliteWriter>(() => new SqliteWriter(Open(), WriteLock, System.IO.Path.GetFileName(Path)));
        _settings = $"""
            pragma busy_timeout = 5000; pragma journal_mode = wal;
              pragma synchronous = {(survivesPowerLoss ? "full" : "normal")}; pragma foreign_keys = off;
            """;
    }

    /// <summary>Held by the committer's lane or the writing thread while it writes.</summary>
    public SqliteWriteLock WriteLock { get; } = new();

    /// <summary>The file, absolute.</summary>
    public string Path { get; }

    /// <summary>Records the file's last acknowledged commit, if a committer writes to it.</summary>
    public SqliteMark Mark { get; }

    /// <summary>The connection string with the absolute path, without pooling.</summary>
    public string ConnectionString { get; }

    public override Dialect Dialect => Dialect.Sqlite;

    public override DbDataSource DataSource { get; }

    /// <summary>
    /// Opens a new connection with this service's settings. Except for the journal mode they are per connection.
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
    /// Runs on the writing thread, which alternates with the committer: a session that waits for the file's own lock
    /// may wait forever while the committer writes.
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
            SqliteFileCheck.RecordClosedState(this);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next start checks the file as after a crash.
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
