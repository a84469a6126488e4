using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Migrations;
using GroupBuyActors.Testing;

namespace GroupBuyActors.Store.Tests.Migrations;

public sealed class SqliteMigrationTests(SqliteFiles files) : MigrationTests(files);

public sealed class MySqlMigrationTests(MariaDb server) : MigrationTests(server)
{
    [Fact]
    public async Task ADatabaseThatIsMissingIsMade()
    {
        var missing = $"made_{Environment.ProcessId}";
        await using var store = TestStore.Open(StoreProvider.MySql, server.Server.ConnectionString(missing));
        await store.Health.MigrateAsync(default);
        Assert.True(await store.Health.CanWriteAsync(default));
    }

    [Fact]
    public async Task AUserWhoMayNotMakeTheDatabaseIsToldSo()
    {
        await server.Server.ExecuteAsync(
            null,
            "drop user if exists 'poor'@'%'; create user 'poor'@'%' identified by 'poor'"
        );
        var connection = server
            .Server.ConnectionString("nowhere")
            .Replace("User ID=groupbuy", "User ID=poor")
            .Replace("Password=groupbuy", "Password=poor");
        await using var store = TestStore.Open(StoreProvider.MySql, connection);
        var refused = await Assert.ThrowsAsync<StoreUnusableException>(() => store.Health.MigrateAsync(default));
        Assert.Contains("nowhere", refused.Message);
        Assert.Contains("poor", refused.Message);
    }

    [Fact]
    public async Task AReadOnlyServerIsRefused()
    {
        await using var replica = await MariaDbServer.StartAsync("--read-only=1");
        if (replica.IsExternal)
            return;
        await using var store = TestStore.Open(
            StoreProvider.MySql,
            replica.ConnectionString(await replica.CreateDatabaseAsync())
        );
        var refused = await Assert.ThrowsAsync<StoreUnusableException>(() => store.Health.MigrateAsync(default));
        Assert.Contains("read-only", refused.Message);
    }

    /// <summary>A crash may come after any statement, the last one too.</summary>
    [Fact]
    public async Task EveryMigrationCanBeRunAgain()
    {
        await using var store = await TestStore.NewAsync(server);
        await store.ExecuteAsync($"update schema_version set applied_at = null");
        await store.Health.MigrateAsync(default);
        Assert.Equal(0, await store.NumberAsync($"select count(*) from schema_version where applied_at is null"));
    }

    [Fact]
    public async Task AMigrationThatACrashBrokeOffIsEnded()
    {
        await using var store = await TestStore.NewAsync(server);
        await store.ExecuteAsync($"update schema_version set applied_at = null where version = 2");
        await store.ExecuteAsync($"drop table OrleansStorage");
        await store.ExecuteAsync($"delete from OrleansQuery where QueryKey = {"WriteToStorageKey"}");
        await store.Health.MigrateAsync(default);
        Assert.Equal(0, await store.NumberAsync($"select count(*) from OrleansStorage"));
        Assert.Equal(
            1,
            await store.NumberAsync($"select count(*) from OrleansQuery where QueryKey = {"WriteToStorageKey"}")
        );
        Assert.Equal(0, await store.NumberAsync($"select count(*) from schema_version where applied_at is null"));
    }

    /// <summary>A pool that resets its sessions would put isolation back to the server's default.</summary>
    [Fact]
    public async Task EverySessionReadsCommittedInUtc()
    {
        // MariaDB and MySQL name the isolation differently; newer MariaDB has both names.
        const string Settings =
            "show session variables where variable_name in ('time_zone', 'tx_isolation', 'transaction_isolation')";
        await using var store = await TestStore.NewAsync(server);
        for (var use = 0; use < 3; use++)
        {
            var own = await store.Database.ReadAsync(
                (session, ct) => session.ListAsync($"{new Raw(Settings)}", row => row.GetString(1), ct),
                default
            );
            Assert.Equal(["+00:00", "READ-COMMITTED"], own.Distinct());
            await using var orleans = await store.Database.DataSource.OpenConnectionAsync();
            await using var command = orleans.CreateCommand();
            command.CommandText = Settings;
            await using var reader = await command.ExecuteReaderAsync();
            var theirs = new List<string>();
            while (await reader.ReadAsync())
                theirs.Add(reader.GetString(1));
            Assert.Equal(["+00:00", "READ-COMMITTED"], theirs.Distinct());
        }
    }
}

/// <summary>
/// The schema comes up to date whoever starts, however many start, and never on top of a changed past.
/// </summary>
public abstract class MigrationTests(IDatabaseFixture databases)
{
    [Fact]
    public async Task SilosThatStartTogetherMigrateOnce()
    {
        var database = await databases.NewDatabaseAsync();
        var stores = Enumerable.Range(0, 5).Select(_ => TestStore.Open(databases.Provider, database)).ToList();
        await Task.WhenAll(stores.Select(store => store.Health.MigrateAsync(default)));
        var known = Migration.Of(stores[0].Database.Dialect.Folder).Count;
        Assert.Equal(
            known,
            await stores[0].NumberAsync($"select count(*) from schema_version where applied_at is not null")
        );
        foreach (var store in stores)
            await store.DisposeAsync();
    }

    [Fact]
    public async Task AChangedOldMigrationIsRefused()
    {
        await using var store = await TestStore.NewAsync(databases);
        await store.ExecuteAsync($"update schema_version set sha256 = {new string('0', 64)} where version = 1");
        var refused = await Assert.ThrowsAsync<StoreUnusableException>(() => store.Health.MigrateAsync(default));
        Assert.Contains("0001_core.sql", refused.Message);
    }

    [Fact]
    public async Task ANewerSchemaIsNoFault()
    {
        await using var store = await TestStore.NewAsync(databases);
        await store.ExecuteAsync(
            $"""
            insert into schema_version (version, name, sha256, applied_at)
              values (9999, {"9999_future.sql"}, {new string('1', 64)}, {"2026-11-23 00:00:00"})
            """
        );
        await store.Health.MigrateAsync(default);
    }

    [Fact]
    public async Task AllShardsAreThereFromTheStart()
    {
        await using var store = await TestStore.NewAsync(databases);
        var shards = await store.Shards.ReadAsync(default);
        Assert.Equal(Enumerable.Range(0, ShardId.Count), shards.Select(row => row.Shard.Index));
        Assert.All(shards, row => Assert.Null(row.OwnerAddress));
    }

    [Fact]
    public async Task TheClockIsCloseToOurs()
    {
        await using var store = await TestStore.NewAsync(databases);
        var apart = await store.Health.NowAsync(default) - TimeProvider.System.GetUtcNow();
        Assert.InRange(apart.TotalSeconds, -5, 5);
    }

    [Fact]
    public async Task AHealthyStoreTakesWrites()
    {
        await using var store = await TestStore.NewAsync(databases);
        Assert.True(await store.Health.CanWriteAsync(default));
    }
}

/// <summary>What is read from a file and from a server's answers.</summary>
public sealed class MigrationReadingTests
{
    [Fact]
    public void StatementsEndAtSemicolonsOutsideQuotesAndComments()
    {
        var migration = new Migration(
            1,
            "0001_test.sql",
            "-- a; b\ncreate table t (a int);\ninsert into t values ('x;y', 'it''s;');\n"
        );
        Assert.Equal(2, migration.Statements().Count());
        Assert.EndsWith("'it''s;')", migration.Statements().Last());
    }

    [Theory]
    [InlineData("8.0.36", true)]
    [InlineData("8.4.2-log", true)]
    [InlineData("9.1.0", true)]
    [InlineData("5.7.44-log", false)]
    [InlineData("10.11.6-MariaDB-0+deb12u1-log", true)]
    [InlineData("5.5.5-10.6.16-MariaDB", true)]
    [InlineData("10.5.23-MariaDB", false)]
    [InlineData("11.4.2-MariaDB", true)]
    public void OldServersAreRefused(string version, bool fit) =>
        Assert.Equal(fit, MySqlServerCheck.UnsupportedReason(version) is null);

    [Fact]
    public void ServersWithSeveralPrimariesAreRefused()
    {
        Assert.Null(
            MySqlServerCheck.UnsuitableReason(
                new Dictionary<string, string> { ["read_only"] = "OFF", ["wsrep_on"] = "OFF" }
            )
        );
        Assert.Contains(
            "single-primary",
            MySqlServerCheck.UnsuitableReason(
                new Dictionary<string, string>
                {
                    ["group_replication_group_name"] = "f00",
                    ["group_replication_single_primary_mode"] = "OFF",
                }
            )
        );
        Assert.Null(
            MySqlServerCheck.UnsuitableReason(
                new Dictionary<string, string>
                {
                    ["group_replication_group_name"] = "f00",
                    ["group_replication_single_primary_mode"] = "ON",
                }
            )
        );
        Assert.Null(
            MySqlServerCheck.UnsuitableReason(new Dictionary<string, string> { ["max_allowed_packet"] = "4194304" })
        );
        Assert.Contains(
            "at least 4194304",
            MySqlServerCheck.UnsuitableReason(new Dictionary<string, string> { ["max_allowed_packet"] = "4194303" }),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Galera",
            MySqlServerCheck.UnsuitableReason(new Dictionary<string, string> { ["wsrep_on"] = "ON" })
        );
    }
}
