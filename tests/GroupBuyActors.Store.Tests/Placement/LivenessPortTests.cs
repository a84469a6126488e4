namespace GroupBuyActors.Store.Tests.Placement;

public sealed class SqliteLivenessPortTests(SqliteFiles files) : LivenessPortTests(files);

public sealed class MySqlLivenessPortTests(MariaDb server) : LivenessPortTests(server);

/// <summary>The liveness ports of silos that run, and of those that ran.</summary>
public abstract class LivenessPortTests(IDatabaseFixture databases)
{
    private const string First = "127.0.0.1:11111@1",
        Second = "127.0.0.1:11111@2",
        Third = "127.0.0.1:11211@1";

    [Fact]
    public async Task APortIsReadUntilItsRunIsRemoved()
    {
        await using var store = await TestStore.NewAsync(databases);
        foreach (var (silo, port) in new[] { (First, 101), (Second, 102), (Third, 103), (First, 101) })
            await store.LivenessPorts.AddAsync(silo, port, default);
        await store.LivenessPorts.RemoveAsync([Third, First], default);
        await store.LivenessPorts.RemoveAsync([], default);
        Assert.Equal([KeyValuePair.Create(Second, 102)], await store.LivenessPorts.ReadAsync(default));
    }

    [Fact]
    public async Task AgeIsByTheDatabasesClock()
    {
        await using var store = await TestStore.NewAsync(databases);
        await store.LivenessPorts.AddAsync(First, 101, default);
        await store.LivenessPorts.AddAsync(Second, 102, default);
        await store.ExecuteAsync(
            $"update silo_liveness set created_ms = created_ms - 3600000 where silo_address = {First}"
        );
        Assert.Equal([First], await store.LivenessPorts.OlderThanAsync(TimeSpan.FromMinutes(30), default));
        Assert.Empty(await store.LivenessPorts.OlderThanAsync(TimeSpan.FromHours(2), default));
    }
}
