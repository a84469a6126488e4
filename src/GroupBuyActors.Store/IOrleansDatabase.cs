using System.Data.Common;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store;

/// <summary>
/// The database for Orleans' own providers (clustering on MySQL, reminders and grain storage on both), whose tables and
/// texts are among our migrations. Give them the data source, not the connection string: it sets up each session the
/// way this code does.
/// </summary>
public interface IOrleansDatabase
{
    /// <summary>What Orleans calls the driver.</summary>
    string Invariant { get; }

    /// <summary>Its connections.</summary>
    DbDataSource DataSource { get; }
}

/// <inheritdoc/>
internal sealed class OrleansDatabase(Database database) : IOrleansDatabase
{
    // Under this name Orleans 10.4 loads the factory of Microsoft.Data.Sqlite.
    public string Invariant => database is SqliteDatabase ? "System.Data.SQLite" : "MySql.Data.MySqlConnector";

    public DbDataSource DataSource => database.DataSource;
}
