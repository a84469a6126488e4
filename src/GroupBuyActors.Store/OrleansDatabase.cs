using System.Data.Common;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store;

/// <summary>
/// The database for Orleans' own providers (clustering on MySQL, reminders and grain storage on both), whose tables and
/// queries are among our migrations. Pass them the data source, not the connection string, because it sets up each
/// session as this code expects it.
/// </summary>
public sealed class OrleansDatabase
{
    private readonly Database _database;

    internal OrleansDatabase(Database database) => _database = database;

    /// <summary>Orleans' name of the driver of MySQL.</summary>
    public const string MySqlInvariant = "MySql.Data.MySqlConnector";

    /// <summary>Orleans' name of the driver.</summary>
    // Under this name Orleans 10.4 loads the factory of Microsoft.Data.Sqlite.
    public string Invariant => _database is SqliteDatabase ? "System.Data.SQLite" : MySqlInvariant;

    /// <summary>Opens connections with this service's session settings.</summary>
    public DbDataSource DataSource => _database.DataSource;
}
