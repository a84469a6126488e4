using System.Data.Common;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store;

/// <summary>
/// The database for Orleans' own providers (clustering on MySQL, reminders and grain storage on both), whose tables and
/// queries are among our migrations. Pass them the data source, not the connection string, because it sets up each
/// session as this code expects it.
/// </summary>
public interface IOrleansDatabase
{
    /// <summary>Orleans' name of the driver.</summary>
    string Invariant { get; }

    /// <summary>Opens connections with this service's session settings.</summary>
    DbDataSource DataSource { get; }
}

/// <inheritdoc/>
internal sealed class OrleansDatabase(Database database) : IOrleansDatabase
{
    // Under this name Orleans 10.4 loads the factory of Microsoft.Data.Sqlite.
    public string Invariant => database is SqliteDatabase ? "System.Data.SQLite" : "MySql.Data.MySqlConnector";

    public DbDataSource DataSource => database.DataSource;
}
