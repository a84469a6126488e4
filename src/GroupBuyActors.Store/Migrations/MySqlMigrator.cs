using GroupBuyActors.Store.Databases;
using MySqlConnector;

namespace GroupBuyActors.Store.Migrations;

/// <summary>
/// Brings a MySQL or MariaDB schema up to date. Silos that start together wait for each other on a named lock of the server.
/// Definitions commit by themselves there, so a migration that was begun and not ended (a crash) is run again with what is there
/// already passed over.
/// </summary>
internal sealed class MySqlMigrator(MySqlDatabase database, TimeProvider time)
{
    /// <summary>How long one silo waits for another's migration.</summary>
    private const int LockWaitSeconds = 60;

    public async Task RunAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenOwnAsync(cancellation).ConfigureAwait(false);
        // The lock is the server's, not the database's: its name says which one. It goes with the connection at the latest.
        var name = $"groupbuy migrate {StableHash.Of(connection.Database):x16}";
        if (Convert.ToInt32(await ScalarAsync(connection, $"select get_lock({name}, {LockWaitSeconds})", cancellation).ConfigureAwait(false)) != 1)
            throw new StoreUnusableException($"Another process has been migrating the database {connection.Database} for {LockWaitSeconds} s: see what holds the lock '{name}', then start again.");
        try
        {
            await MigrateAsync(connection, cancellation).ConfigureAwait(false);
        }
        finally
        {
            await ScalarAsync(connection, $"select release_lock({name})", CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task MigrateAsync(MySqlConnection connection, CancellationToken cancellation)
    {
        var session = new DbSession(connection, null);
        await session.ExecuteAsync($"""
            create table if not exists schema_version (
              version int not null,
              name varchar(100) character set ascii collate ascii_bin not null,
              sha256 char(64) character set ascii collate ascii_bin not null,
              applied_at datetime(3) null,
              primary key (version)
            ) engine = InnoDB
            """, cancellation).ConfigureAwait(false);
        var applied = await session.ListAsync(
            $"select version, name, sha256, applied_at is not null from schema_version",
            row => new AppliedMigration(row.GetInt32(0), row.GetString(1), row.GetString(2), row.GetInt32(3) == 1), cancellation).ConfigureAwait(false);
        foreach (var migration in MigrationPlan.Pending(Migration.Of(database.Dialect.Folder), applied))
            await ApplyAsync(connection, session, migration, applied.Any(there => there.Version == migration.Version), cancellation).ConfigureAwait(false);
    }

    private async Task ApplyAsync(MySqlConnection connection, DbSession session, Migration migration, bool again, CancellationToken cancellation)
    {
        if (!again)
            await session.ExecuteAsync($"insert into schema_version (version, name, sha256) values ({migration.Version}, {migration.Name}, {migration.Sha256})", cancellation).ConfigureAwait(false);
        foreach (var statement in migration.Statements())
        {
            await using var command = new MySqlCommand(statement, connection) { CommandTimeout = 600 };
            try
            {
                await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
            }
            catch (MySqlException e) when (again && e.ErrorCode is MySqlErrorCode.TableExists or MySqlErrorCode.DuplicateFieldName or MySqlErrorCode.DuplicateKeyName)
            {
                // The try before got this far.
            }
        }

        await session.ExecuteAsync($"update schema_version set applied_at = {time.GetUtcNow().UtcDateTime} where version = {migration.Version}", cancellation).ConfigureAwait(false);
    }

    private static async Task<object?> ScalarAsync(MySqlConnection connection, SqlText sql, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        sql.FillIn(command);
        command.CommandTimeout = LockWaitSeconds + 10;
        return await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false);
    }
}
