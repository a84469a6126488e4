using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Migrations;
using Microsoft.Data.Sqlite;

namespace GroupBuyActors.Store.Tests.Migrations;

public sealed class SqliteMigratorTests(SqliteFiles files)
{
    /// <summary>SQLite rolls back by itself on some errors, such as a full disk.</summary>
    [Fact]
    public async Task AFailureIsReportedEvenIfTheTransactionIsGoneWithIt()
    {
        await using var database = new SqliteDatabase(await files.NewDatabaseAsync(), readersMax: 1);
        var migration = new Migration(1, "0001_faulty.sql", "rollback; no statement");
        var failure = Assert.Throws<SqliteException>(
            new SqliteMigrator(database, [migration], TimeProvider.System).Run
        );
        Assert.Contains("syntax", failure.Message);
    }
}
