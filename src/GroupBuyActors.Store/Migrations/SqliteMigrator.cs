using GroupBuyActors.Store.Databases;
using Microsoft.Data.Sqlite;

namespace GroupBuyActors.Store.Migrations;

/// <summary>Brings a SQLite schema up to date in one exclusive transaction.</summary>
internal sealed class SqliteMigrator(SqliteDatabase database, IReadOnlyList<Migration> migrations, TimeProvider time)
{
    public void Run()
    {
        using var connection = database.Open();
        Execute(connection, "begin exclusive");
        try
        {
            Execute(
                connection,
                """
                create table if not exists schema_version (
                  version integer not null primary key,
                  name text not null,
                  sha256 text not null,
                  applied_at text null
                )
                """
            );
            foreach (var migration in MigrationPlan.Pending(migrations, Applied(connection)))
                Apply(connection, migration);
            Execute(connection, "commit");
        }
        catch
        {
            TryRollback(connection);
            throw;
        }
    }

    private static void TryRollback(SqliteConnection connection)
    {
        try
        {
            Execute(connection, "rollback");
        }
        catch (SqliteException)
        {
            // SQLite has rolled the transaction back itself; the error that made it do so is the one to report.
        }
    }

    private static List<AppliedMigration> Applied(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "select version, name, sha256 from schema_version";
        using var reader = command.ExecuteReader();
        var applied = new List<AppliedMigration>();
        while (reader.Read())
            applied.Add(new AppliedMigration(reader.GetInt32(0), reader.GetString(1), reader.GetString(2), true));
        return applied;
    }

    private void Apply(SqliteConnection connection, Migration migration)
    {
        Execute(connection, migration.Text);
        using var command = connection.CreateCommand();
        command.CommandText =
            "insert into schema_version (version, name, sha256, applied_at) values (@version, @name, @sha256, @at)";
        command.Parameters.AddWithValue("@version", migration.Version);
        command.Parameters.AddWithValue("@name", migration.Name);
        command.Parameters.AddWithValue("@sha256", migration.Sha256);
        command.Parameters.AddWithValue(
            "@at",
            time.GetUtcNow()
                .UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff", System.Globalization.CultureInfo.InvariantCulture)
        );
        command.ExecuteNonQuery();
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
