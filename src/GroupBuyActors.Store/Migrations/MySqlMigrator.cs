using GroupBuyActors.Store.Databases;
using Microsoft.Extensions.Logging;
using MySqlConnector;

namespace GroupBuyActors.Store.Migrations;

/// <summary>
/// Brings a MySQL or MariaDB schema up to date. Silos that start together wait for each other on a named lock of the
/// server. Definitions commit by themselves there, so a migration that was begun and not ended (a crash) is run again
/// with what is there already passed over.
/// </summary>
/// <remarks>
/// Silos of the release before commit while a migration runs, so a migration in <c>Migrations/MySql</c> keeps to this,
/// and a test holds it:
/// <list type="bullet">
/// <item>A table that an earlier migration made is changed without copying it: <c>alter table t add column …, algorithm
/// = instant</c> (no lock clause: MySQL refuses it there) or <c>alter table t add index …, algorithm = inplace, lock =
/// none</c>, which <c>create index … on t (…) algorithm = inplace lock = none</c> is, too. A server that cannot do it
/// so refuses the statement.</item>
/// <item>Nothing that the release before uses is dropped, renamed or narrowed.</item>
/// <item>Each statement can be run again, whole, from where a crash left it; it runs by itself, in no
/// transaction.</item>
/// </list>
/// How a statement waits for its table is <see cref="MySqlSchemaChange"/>'s: the text of a migration sets no time-outs.
/// </remarks>
internal sealed class MySqlMigrator(
    MySqlDatabase database,
    IReadOnlyList<Migration> migrations,
    TimeProvider time,
    ILogger log,
    MigrationPatience? patience = null,
    string versionTable = "schema_version"
)
{
    /// <summary>How often one who waits for another's migration says so.</summary>
    private const int TurnSeconds = 10;

    /// <summary>Remembers which of these migrations are applied.</summary>
    private readonly Raw _versions = new(versionTable);

    private readonly MigrationPatience _patience = patience ?? MigrationPatience.Default;

    public async Task RunAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenOwnAsync(cancellation).ConfigureAwait(false);
        // The lock is the server's, not the database's: its name says which one. It goes with the connection.
        var name = $"groupbuy migrate {StableHash.Of(connection.Database):x16}";
        await TakeTurnAsync(connection, name, cancellation).ConfigureAwait(false);
        await MigrateAsync(connection, cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// Another silo may have to wait for a table, which takes as long as its patience, and then do the work.
    /// </summary>
    private async Task TakeTurnAsync(MySqlConnection connection, string name, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var session = new DbSession(connection, null);
        while (
            await session.NumberAsync($"select get_lock({name}, {TurnSeconds})", 0, cancellation).ConfigureAwait(false)
            != 1
        )
        {
            var holder = await session
                .NumberAsync($"select is_used_lock({name})", 0, cancellation)
                .ConfigureAwait(false);
            var waited = (int)time.GetElapsedTime(started).TotalSeconds;
            if (waited >= 2 * _patience.Total.TotalSeconds)
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
        bool again,
        CancellationToken cancellation
    )
    {
        if (!again)
            await session
                .ExecuteAsync(
                    $"""
                    insert into {_versions} (version, name, sha256)
                      values ({migration.Version}, {migration.Name}, {migration.Sha256})
                    """,
                    cancellation
                )
                .ConfigureAwait(false);
        var change = new MySqlSchemaChange(connection, _patience, time, log);
        foreach (var statement in migration.Statements())
            await change.RunAsync(migration, statement, again, cancellation).ConfigureAwait(false);

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
