using GroupBuyActors.Store.Databases;
using Microsoft.Extensions.Logging;
using MySqlConnector;

namespace GroupBuyActors.Store.Migrations;

/// <summary>
/// Brings a MySQL or MariaDB schema up to date. Silos that start at the same time wait for each other on a named lock
/// of the server. Definitions commit by themselves, so a migration that was begun and not completed (a crash) is run
/// again, and what exists already is skipped.
/// </summary>
/// <remarks>
/// Silos of the previous release commit while a migration runs. Therefore a migration in <c>Migrations/MySql</c>
/// follows these rules, and a test checks them:
/// <list type="bullet">
/// <item>A table that an earlier migration created is changed without copying it: <c>alter table t add column …,
/// algorithm
/// = instant</c> (no lock clause: MySQL refuses it there) or <c>alter table t add index …, algorithm = inplace, lock =
/// none</c>, or its equivalent <c>create index … on t (…) algorithm = inplace lock = none</c>. A server that cannot do
/// this refuses the statement.</item>
/// <item>Nothing that the previous release uses is dropped, renamed or narrowed.</item>
/// <item>Each statement can be run again after a crash; it runs by itself, in no transaction.</item>
/// </list>
/// <see cref="MySqlSchemaChange"/> decides how a statement waits for its table: the text of a migration sets no
/// time-outs.
/// </remarks>
internal sealed class MySqlMigrator(
    MySqlDatabase database,
    IReadOnlyList<Migration> migrations,
    TimeProvider time,
    ILogger log,
    MigrationRetryPolicy? retryPolicy = null,
    string versionTable = "schema_version"
)
{
    /// <summary>The time of one try to get the lock; after each a message is logged.</summary>
    private const int LockAttemptSeconds = 10;

    /// <summary>The table that records which of these migrations are applied.</summary>
    private readonly Raw _versions = new(versionTable);

    private readonly MigrationRetryPolicy _retryPolicy = retryPolicy ?? MigrationRetryPolicy.Default;

    public async Task RunAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenOwnAsync(cancellation).ConfigureAwait(false);
        // The lock is the server's, not the database's, so its name contains the database's. It ends with the
        // connection.
        var name = $"groupbuy migrate {StableHash.Of(connection.Database):x16}";
        await AcquireLockAsync(connection, name, cancellation).ConfigureAwait(false);
        await MigrateAsync(connection, cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// Waits at most twice as long as the retry policy: another silo may wait for a table for that long, and then do
    /// the work.
    /// </summary>
    private async Task AcquireLockAsync(MySqlConnection connection, string name, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var session = new DbSession(connection, null);
        while (
            await session
                .NumberAsync($"select get_lock({name}, {LockAttemptSeconds})", 0, cancellation)
                .ConfigureAwait(false) != 1
        )
        {
            var holder = await session
                .NumberAsync($"select is_used_lock({name})", 0, cancellation)
                .ConfigureAwait(false);
            var waited = (int)time.GetElapsedTime(started).TotalSeconds;
            if (waited >= 2 * _retryPolicy.Total.TotalSeconds)
                throw new StoreUnusableException(
                    $"Another process has been migrating the database {connection.Database} for {waited} s: "
                        + $"check what connection {holder} of the server does, then start again."
                );
            MigrationLog.WaitsForOther(log, holder, connection.Database, waited);
        }
    }

    private async Task MigrateAsync(MySqlConnection connection, CancellationToken cancellation)
    {
        var session = new DbSession(connection, null);
        await session
            .ExecuteAsync($"set session lock_wait_timeout = {MySqlSchemaChange.LockWaitSeconds}", cancellation)
            .ConfigureAwait(false);
        await session
            .ExecuteAsync(
                $"""
                create table if not exists {_versions} (
                  version int not null,
                  name varchar(100) character set ascii collate ascii_bin not null,
                  sha256 char(64) character set ascii collate ascii_bin not null,
                  applied_at datetime(3) null,
                  primary key (version)
                ) engine = InnoDB
                """,
                cancellation
            )
            .ConfigureAwait(false);
        var applied = await session
            .ListAsync(
                $"select version, name, sha256, applied_at is not null from {_versions}",
                row => new AppliedMigration(row.GetInt32(0), row.GetString(1), row.GetString(2), row.GetInt32(3) == 1),
                cancellation
            )
            .ConfigureAwait(false);
        foreach (var migration in MigrationPlan.Pending(migrations, applied))
            await ApplyAsync(
                    connection,
                    session,
                    migration,
                    applied.Any(there => there.Version == migration.Version),
                    cancellation
                )
                .ConfigureAwait(false);
    }

    private async Task ApplyAsync(
        MySqlConnection connection,
        DbSession session,
        Migration migration,
        bool isRetry,
        CancellationToken cancellation
    )
    {
        if (!isRetry)
            await session
                .ExecuteAsync(
                    $"""
                    insert into {_versions} (version, name, sha256)
                      values ({migration.Version}, {migration.Name}, {migration.Sha256})
                    """,
                    cancellation
                )
                .ConfigureAwait(false);
        var change = new MySqlSchemaChange(connection, _retryPolicy, time, log);
        foreach (var statement in migration.Statements())
            await change.RunAsync(migration, statement, isRetry, cancellation).ConfigureAwait(false);

        await session
            .ExecuteAsync(
                $"""
                update {_versions} set applied_at = {time.GetUtcNow().UtcDateTime}
                  where version = {migration.Version}
                """,
                cancellation
            )
            .ConfigureAwait(false);
        MigrationLog.Applied(log, migration.Name);
    }
}
