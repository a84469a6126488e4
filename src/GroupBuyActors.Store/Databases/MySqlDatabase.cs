using System.Data;
using System.Data.Common;
using MySqlConnector;

namespace GroupBuyActors.Store.Databases;

/// <summary>
/// MySQL or MariaDB. This service's own connections are set up once and never reset. Orleans' queries open transactions
/// of their own, so its sessions are reset and set up again on every open.
/// </summary>
internal sealed class MySqlDatabase : Database
{
    /// <summary>
    /// Set on every new or reset session, so that the meaning of a statement does not depend on the server's defaults.
    /// </summary>
    internal const string SessionSettings =
        "set session transaction isolation level read committed; "
        + "set session time_zone = '+00:00', session innodb_lock_wait_timeout = 5, session autocommit = 1, "
        + "session sql_mode = "
        + "'STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";

    /// <summary>
    /// The time-out of a statement: reading a horizon of a hundred thousand tasks takes seconds on a busy server.
    /// Callers with less time cancel.
    /// </summary>
    internal static readonly TimeSpan StatementTimeout = TimeSpan.FromSeconds(30);

    private const uint ConnectTimeoutSeconds = 5;

    private readonly ConnectionPool<MySqlConnection> _own;
    private readonly MySqlDataSource _orleans;

    public MySqlDatabase(string connectionString, int connectionsMax, TimeSpan statementTimeout)
    {
        ConnectionString = Complete(connectionString, connectionsMax, statementTimeout).ConnectionString;
        _own = new ConnectionPool<MySqlConnection>(connectionsMax, OpenOwnAsync);
        _orleans = new MySqlDataSourceBuilder(ConnectionString)
            .UseConnectionOpenedCallback((context, cancellation) => SetUpAsync(context.Connection, cancellation))
            .Build();
    }

    /// <summary>The configured connection string with the settings that this code relies on.</summary>
    public string ConnectionString { get; }

    public override Dialect Dialect => Dialect.MySql;

    public override DbDataSource DataSource => _orleans;

    public override Task<T> ReadAsync<T>(
        Func<DbSession, CancellationToken, Task<T>> read,
        CancellationToken cancellation
    ) =>
        // A driver that waits for a frozen server obeys its token late: the caller returns at once, and the
        // connection's slot is released later.
        TryAsync((connection, ct) => read(new DbSession(connection, null), ct), cancellation).WaitAsync(cancellation);

    public override Task<T> WriteAsync<T>(
        Func<DbSession, CancellationToken, Task<T>> write,
        CancellationToken cancellation
    ) =>
        TryAsync(
            async (connection, ct) =>
            {
                await using var transaction = await connection
                    .BeginTransactionAsync(IsolationLevel.ReadCommitted, ct)
                    .ConfigureAwait(false);
                var result = await write(new DbSession(connection, transaction), ct).ConfigureAwait(false);
                // Not cancelled any more: a commit that was sent cannot be taken back.
                await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
                return result;
            },
            cancellation
        );

    // One round trip. If a statement fails, the later ones are not run, and the connection is closed with its open
    // transaction.
    public override Task WriteAsync(SqlText sql, CancellationToken cancellation) =>
        TryAsync(
            async (connection, ct) =>
                await new DbSession(connection, null)
                    .ExecuteAsync($"start transaction; {sql}; commit", ct)
                    .ConfigureAwait(false),
            cancellation
        );

    public override Task<T> ExchangeAsync<T>(
        SqlText read,
        Func<DbDataReader, CancellationToken, Task<(SqlText Writes, T Result)>> decide,
        CancellationToken cancellation
    ) =>
        TryAsync(
            async (connection, ct) =>
            {
                var session = new DbSession(connection, null);
                var (writes, result) = await session
                    .ReadAsync($"start transaction; {read}", decide, ct)
                    .ConfigureAwait(false);
                SqlText end = $"commit";
                if (writes.Length > 0)
                    end = $"{writes}; commit";
                await session.ExecuteAsync(end, CancellationToken.None).ConfigureAwait(false);
                return result;
            },
            cancellation
        );

    public override async ValueTask DisposeAsync()
    {
        await _own.DisposeAsync().ConfigureAwait(false);
        await _orleans.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Opens a connection outside the pools, for work that needs its own session.</summary>
    public async Task<MySqlConnection> OpenOwnAsync(CancellationToken cancellation)
    {
        var connection = new MySqlConnection(
            new MySqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ConnectionString
        );
        try
        {
            await connection.OpenAsync(cancellation).ConfigureAwait(false);
            await SetUpAsync(connection, cancellation).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static MySqlConnectionStringBuilder Complete(
        string connectionString,
        int connectionsMax,
        TimeSpan statementTimeout
    ) =>
        new(connectionString)
        {
            Pooling = true,
            MaximumPoolSize = (uint)connectionsMax,
            DefaultCommandTimeout = (uint)Math.Max(1, Math.Ceiling(statementTimeout.TotalSeconds)),
            // Callers do not wait for the driver's default of fifteen seconds.
            ConnectionTimeout = ConnectTimeoutSeconds,
            // A cancelled call asks the server to stop its statement, and closes the connection if that is not answered
            // either.
            CancellationTimeout = 1,
            DateTimeKind = MySqlDateTimeKind.Utc,
            GuidFormat = MySqlGuidFormat.None,
            TreatTinyAsBoolean = false,
            UseAffectedRows = false,
            ConnectionReset = true,
        };

    private static async ValueTask SetUpAsync(MySqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new MySqlCommand(SessionSettings, connection);
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    private async Task<T> TryAsync<T>(
        Func<MySqlConnection, CancellationToken, Task<T>> work,
        CancellationToken cancellation
    )
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await _own.UseAsync(connection => work(connection, cancellation), cancellation)
                    .ConfigureAwait(false);
            }
            catch (Exception e)
                when (tries < TriesMax
                    && !cancellation.IsCancellationRequested
                    && (DatabaseErrors.IsConnectionLost(e) || DatabaseErrors.OfMySql(e) == ErrorMeaning.Lock)
                )
            {
                // Tried again at once: the other side of a deadlock has finished. If one session is dead, the others
                // are too.
                if (DatabaseErrors.IsConnectionLost(e))
                    await _own.ClearAsync().ConfigureAwait(false);
            }
        }
    }
}
