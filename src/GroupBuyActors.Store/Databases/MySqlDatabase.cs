using System.Data;
using System.Data.Common;
using MySqlConnector;

namespace GroupBuyActors.Store.Databases;

/// <summary>
/// MySQL 8 or MariaDB. Two pools: the house's own, whose sessions are set up once and never reset (a reset would put isolation
/// back and cost a round trip on each use; its transactions end by themselves), and one for Orleans, whose texts open transactions
/// of their own and are reset, and set up again, on every open.
/// </summary>
internal sealed class MySqlDatabase : Database
{
    /// <summary>Set on every new or reset session: what a statement means must not depend on the server's defaults.</summary>
    internal const string SessionSettings =
        "set session transaction isolation level read committed; " +
        "set session time_zone = '+00:00', session innodb_lock_wait_timeout = 5, session autocommit = 1, " +
        "session sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";

    private readonly MySqlDataSource _own;
    private readonly MySqlDataSource _orleans;

    public MySqlDatabase(string connectionString, int connectionsMax, TimeSpan commandTimeout)
    {
        ConnectionString = Complete(connectionString, connectionsMax, commandTimeout).ConnectionString;
        _own = Build(new MySqlConnectionStringBuilder(ConnectionString) { ConnectionReset = false });
        _orleans = Build(new MySqlConnectionStringBuilder(ConnectionString) { ConnectionReset = true });
    }

    /// <summary>As configured, with what the house relies on set.</summary>
    public string ConnectionString { get; }

    public override Dialect Dialect => Dialect.MySql;

    public override DbDataSource DataSource => _orleans;

    public override Task<T> ReadAsync<T>(Func<DbSession, CancellationToken, Task<T>> read, CancellationToken cancellation) =>
        TryAsync(async ct =>
        {
            await using var connection = await _own.OpenConnectionAsync(ct).ConfigureAwait(false);
            return await read(new DbSession(connection, null), ct).ConfigureAwait(false);
        }, cancellation);

    public override Task<T> WriteAsync<T>(Func<DbSession, CancellationToken, Task<T>> write, CancellationToken cancellation) =>
        TryAsync(async ct =>
        {
            await using var connection = await _own.OpenConnectionAsync(ct).ConfigureAwait(false);
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, ct).ConfigureAwait(false);
            var result = await write(new DbSession(connection, transaction), ct).ConfigureAwait(false);
            // Not cancelled any more: half-way through a commit there is nothing left to save.
            await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
            return result;
        }, cancellation);

    public override Task<T> ExchangeAsync<T>(
        SqlText read, Func<DbDataReader, CancellationToken, Task<(SqlText Writes, T Result)>> decide, CancellationToken cancellation) =>
        TryAsync(async ct =>
        {
            await using var connection = await _own.OpenConnectionAsync(ct).ConfigureAwait(false);
            var session = new DbSession(connection, null);
            try
            {
                var (writes, result) = await session.ReadAsync(new SqlText().Append($"start transaction; {read}"), decide, ct).ConfigureAwait(false);
                await session.ExecuteAsync(writes.Length == 0 ? new SqlText().Append($"commit") : new SqlText().Append($"{writes}; commit"), CancellationToken.None).ConfigureAwait(false);
                return result;
            }
            catch
            {
                await RollbackAsync(session).ConfigureAwait(false);
                throw;
            }
        }, cancellation);

    public override async ValueTask DisposeAsync()
    {
        await _own.DisposeAsync().ConfigureAwait(false);
        await _orleans.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>A connection outside the pools, for work that must own its session.</summary>
    public async Task<MySqlConnection> OpenOwnAsync(CancellationToken cancellation)
    {
        var connection = new MySqlConnection(new MySqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(cancellation).ConfigureAwait(false);
        await SetUpAsync(connection, cancellation).ConfigureAwait(false);
        return connection;
    }

    private static MySqlConnectionStringBuilder Complete(string connectionString, int connectionsMax, TimeSpan commandTimeout) =>
        new(connectionString)
        {
            Pooling = true,
            MaximumPoolSize = (uint)connectionsMax,
            DefaultCommandTimeout = (uint)Math.Max(1, Math.Ceiling(commandTimeout.TotalSeconds)),
            DateTimeKind = MySqlDateTimeKind.Utc,
            GuidFormat = MySqlGuidFormat.None,
            TreatTinyAsBoolean = false,
            UseAffectedRows = false,
            // An idle session may be dead (a restarted server, a firewall): asked before it is trusted again.
            ConnectionIdleTimeout = 60,
        };

    private static MySqlDataSource Build(MySqlConnectionStringBuilder settings) =>
        new MySqlDataSourceBuilder(settings.ConnectionString)
            .UseConnectionOpenedCallback((context, cancellation) =>
                context.Conditions == MySqlConnectionOpenedConditions.None ? ValueTask.CompletedTask : SetUpAsync(context.Connection, cancellation))
            .Build();

    private static async ValueTask SetUpAsync(MySqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new MySqlCommand(SessionSettings, connection);
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Own sessions are not reset between uses, so an open transaction must not go back to the pool; a session that cannot even do this is dropped by it.</summary>
    private static async Task RollbackAsync(DbSession session)
    {
        try
        {
            await session.ExecuteAsync($"rollback", CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is MySqlException or InvalidOperationException)
        {
            // The connection is gone, and the transaction with it.
        }
    }

    private static async Task<T> TryAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await work(cancellation).ConfigureAwait(false);
            }
            catch (MySqlException e) when (tries < TriesMax && MayPass(e) && !cancellation.IsCancellationRequested)
            {
                // At once: a deadlock's other side is through by now, and a dead session has left the pool.
            }
        }
    }

    private static bool MayPass(MySqlException e) => e.ErrorCode
        is MySqlErrorCode.LockDeadlock or MySqlErrorCode.LockWaitTimeout
        || (e.InnerException is EndOfStreamException or IOException or System.Net.Sockets.SocketException && e.ErrorCode != MySqlErrorCode.CommandTimeoutExpired);
}
