using GroupBuyActors.Ports;
using GroupBuyActors.Sandbox.Books;
using GroupBuyActors.Store;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Tests;
using GroupBuyActors.Store.Tests.Migrations;

namespace GroupBuyActors.Sandbox.Tests;

public sealed class SqliteMigrationTests(SqliteFiles files) : MigrationTests(files);

public sealed class MySqlMigrationTests(MariaDb server) : MigrationTests(server);

/// <summary>The sandbox's schema has a history of its own, beside the store's.</summary>
public abstract class MigrationTests(IDatabaseFixture databases)
{
    [Fact]
    public async Task TheStoresSchemaHasNoTableOfTheSandboxUntilTheSandboxIsAsked()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        Assert.Equal(0, await TablesAsync(sandbox.Store));
        await sandbox.Control.MigrateAsync(default);
        var database = await sandbox.Database.ReadyAsync();
        Assert.Equal(7, await TablesAsync(database));
        Assert.Equal(databases.Provider == StoreProvider.MySql, ReferenceEquals(database, sandbox.Store));
    }

    [Fact]
    public async Task SilosThatStartTogetherMigrateOnce()
    {
        var name = await databases.NewDatabaseAsync();
        await using var one = await TestSandbox.OpenAsync(databases.Provider, name);
        await using var other = await TestSandbox.OpenAsync(databases.Provider, name);
        await Task.WhenAll(one.Control.MigrateAsync(default), other.Control.MigrateAsync(default));
        Assert.Equal(PortAnswer.Done, await one.ReserveAsync(1, 5));
        Assert.Equal(PortAnswer.Done, await other.ReserveAsync(1, 5));
        Assert.Equal(5, (await other.StockAsync()).Reserved);
    }

    private static Task<long> TablesAsync(Database database) =>
        database.ReadAsync(
            (session, ct) =>
                database is MySqlDatabase
                    ? session.NumberAsync(
                        $"""
                        select count(*) from information_schema.tables where table_schema = database()
                          and table_name like 'sandbox%' and table_name <> 'sandbox_schema_version'
                        """,
                        -1,
                        ct
                    )
                    : session.NumberAsync(
                        $"select count(*) from sqlite_master where type = 'table' and name like 'sandbox%'",
                        -1,
                        ct
                    ),
            default
        );
}

public sealed class MigrationRuleTests
{
    public static TheoryData<string> Files =>
        [.. SandboxDatabase.Migrations(Dialect.MySql).Select(migration => migration.Name)];

    [Theory]
    [MemberData(nameof(Files))]
    public void AMigrationHoldsUpNobodyWhoCommits(string file) =>
        Assert.Empty(MigrationRule.Faults(SandboxDatabase.Migrations(Dialect.MySql), file));
}
