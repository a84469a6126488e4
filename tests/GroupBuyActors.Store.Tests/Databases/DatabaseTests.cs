using GroupBuyActors.Store.Databases;
using GroupBuyActors.Testing;

namespace GroupBuyActors.Store.Tests.Databases;

/// <summary>How statements are written, and how connections fare.</summary>
public sealed class SqlTextTests
{
    [Fact]
    public void ValuesBecomeParametersAndNumbersText()
    {
        SqlText inner = $"b = {"x"} and c = {7}";
        SqlText outer = $"select {new Raw("*")} where a = {"y"} and {inner} and d in ({SqlText.Values(["p", "q"])})";
        using var command = new MySqlConnector.MySqlCommand();
        outer.ApplyTo(command);
        Assert.Equal("select * where a = @p0 and b = @p1 and c = 7 and d in (@p2,@p3)", command.CommandText);
        Assert.Equal(["y", "x", "p", "q"], command.Parameters.Select(parameter => parameter.Value));
    }
}

public sealed class SqliteDatabaseTests(SqliteFiles files) : DatabaseTests(files)
{
    [Fact]
    public async Task EveryConnectionWaitsForTheDiskAndForOthers()
    {
        await using var store = await TestStore.NewAsync(files);
        await using var orleans = await store.Database.DataSource.OpenConnectionAsync();
        foreach (var (pragma, value) in new[] { ("busy_timeout", 5000L), ("synchronous", 2), ("foreign_keys", 0) })
        {
            Assert.Equal(value, await store.NumberAsync(new SqlText().Append($"{new Raw("pragma " + pragma)}")));
            await using var command = orleans.CreateCommand();
            command.CommandText = "pragma " + pragma;
            Assert.Equal(value, await command.ExecuteScalarAsync());
        }
    }

    [Fact]
    public async Task ADatabaseInMemoryIsRefused()
    {
        await using var store = TestStore.Open(StoreProvider.Sqlite, "Data Source=:memory:");
        Assert.Throws<StoreUnusableException>(() => store.Health);
    }

    [Fact]
    public async Task AFileThatIsNoDatabaseIsTold()
    {
        var connection = await files.NewDatabaseAsync();
        var path = connection["Data Source=".Length..];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, new string('x', 5000));
        await using var store = TestStore.Open(StoreProvider.Sqlite, connection);
        var refused = await Assert.ThrowsAsync<StoreUnusableException>(() => store.Health.MigrateAsync(default));
        Assert.Contains(path, refused.Message);
    }
}

public sealed class MySqlDatabaseTests(MariaDb server) : DatabaseTests(server)
{
    /// <summary>
    /// A server that was restarted leaves every pooled session dead; the next calls must not have to find out one by
    /// one.
    /// </summary>
    [Fact]
    public async Task ARestartedServerIsFoundAgainByTheNextCall()
    {
        await using var own = await MariaDbServer.StartAsync();
        if (own.IsExternal)
            return;
        await using var store = TestStore.Open(
            StoreProvider.MySql,
            own.ConnectionString(await own.CreateDatabaseAsync())
        );
        await store.Health.MigrateAsync(default);
        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => store.NumberAsync($"select sleep(0.05)")));
        await own.KillAsync();
        Assert.False(await store.Health.CanWriteAsync(default));
        await own.RestartAsync();
        Assert.True(await store.Health.CanWriteAsync(default));
        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => store.NumberAsync($"select sleep(0.05)")));
    }

    [Fact]
    public async Task AServerThatIsNotThereIsTold()
    {
        await using var store = TestStore.Open(
            StoreProvider.MySql,
            "Server=127.0.0.1;Port=1;User ID=nobody;Database=x"
        );
        var refused = await Assert.ThrowsAsync<StoreUnusableException>(() => store.Health.MigrateAsync(default));
        Assert.Contains("127.0.0.1:1", refused.Message);
    }

    [Fact]
    public async Task ADeadlockIsTriedAgain()
    {
        await using var store = await TestStore.NewAsync(server);
        async Task<int> BothAsync(int first, int second)
        {
            return await store.Database.WriteAsync(
                async (session, ct) =>
                {
                    await session.ExecuteAsync($"update shard_owner set epoch = epoch + 1 where shard = {first}", ct);
                    await session.ListAsync($"select sleep(0.1)", row => 0, ct);
                    return await session.ExecuteAsync(
                        $"update shard_owner set epoch = epoch + 1 where shard = {second}",
                        ct
                    );
                },
                default
            );
        }

        await Task.WhenAll(BothAsync(1, 2), BothAsync(2, 1));
        Assert.Equal(4, await store.NumberAsync($"select sum(epoch) from shard_owner"));
    }
}

/// <summary>A piece of work is done whole or not at all, and leaves nothing open behind.</summary>
public abstract class DatabaseTests(IDatabaseFixture databases)
{
    /// <summary>The half of a failed transaction must not be committed by the next one on its connection.</summary>
    [Fact]
    public async Task AFailureInTheMiddleLeavesNothing()
    {
        await using var store = await TestStore.NewAsync(databases);
        for (var n = 0; n < 3; n++)
        {
            await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() =>
                store.Database.WriteAsync(
                    async (session, ct) =>
                    {
                        await session.ExecuteAsync($"update shard_owner set epoch = 77 where shard = 1", ct);
                        return await session.ExecuteAsync($"insert into shard_owner (shard) values (1)", ct);
                    },
                    default
                )
            );
            await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() =>
                store.Database.ExchangeAsync(
                    $"select epoch from shard_owner where shard = 1",
                    (_, _) =>
                        Task.FromResult<(SqlText, int)>(
                            (
                                $"""
                                update shard_owner set epoch = 78
                                  where shard = 1; insert into shard_owner (shard) values (1)
                                """,
                                0
                            )
                        ),
                    default
                )
            );
            await store.ExecuteAsync($"update shard_owner set epoch = 1 where shard = 2");
        }

        Assert.Equal(1, await store.NumberAsync($"select sum(epoch) from shard_owner"));
    }

    [Fact]
    public async Task WritersAtOnceLoseNothing()
    {
        await using var store = await TestStore.NewAsync(databases);
        await Task.WhenAll(
            Enumerable
                .Range(0, 100)
                .Select(n => store.ExecuteAsync($"update shard_owner set epoch = epoch + 1 where shard = {n % 3}"))
        );
        Assert.Equal(100, await store.NumberAsync($"select sum(epoch) from shard_owner"));
    }
}
