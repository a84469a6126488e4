namespace GroupBuyActors.Store.Tests.Tasks;

public sealed class SqlitePolicyStoreTests(SqliteFiles files) : PolicyStoreTests(files);

public sealed class MySqlPolicyStoreTests(MariaDb server) : PolicyStoreTests(server);

/// <summary>Overrides of policies: who saw the newest may write the next, and nobody else.</summary>
public abstract class PolicyStoreTests(IDatabaseFixture databases)
{
    private static readonly byte[] Faster = """{"baseDelay":"PT0.05S"}"""u8.ToArray();
    private static readonly byte[] Slower = """{"baseDelay":"PT1S"}"""u8.ToArray();

    [Fact]
    public async Task AnOverrideIsWrittenAndReadBack()
    {
        await using var store = await TestStore.NewAsync(databases);
        Assert.Empty(await store.Policies.ReadAllAsync(default));
        Assert.Equal(1, await store.Policies.WriteAsync("refund", 0, Faster, Samples.Noon, "Zoë 汉", default));
        Assert.Equal(
            2,
            await store.Policies.WriteAsync(
                "refund",
                1,
                Slower,
                Samples.Noon.AddSeconds(1),
                new string('x', 200),
                default
            )
        );
        Assert.Equal(1, await store.Policies.WriteAsync("notify", 0, Faster, Samples.Noon, "ops", default));

        var all = await store.Policies.ReadAllAsync(default);
        Assert.Equal([("notify", 1), ("refund", 2)], all.Select(policy => (policy.Type, policy.Version)));
        Assert.Equal(Slower, all[1].ChangeJson.ToArray());
        Assert.Equal((Samples.Noon.AddSeconds(1), new string('x', 128)), (all[1].ChangedAt, all[1].Caller));
    }

    [Fact]
    public async Task AnOverrideOfAnOldVersionChangesNothing()
    {
        await using var store = await TestStore.NewAsync(databases);
        Assert.Null(await store.Policies.WriteAsync("refund", 3, Faster, Samples.Noon, "a", default));
        Assert.Empty(await store.Policies.ReadAllAsync(default));
        await store.Policies.WriteAsync("refund", 0, Faster, Samples.Noon, "a", default);
        Assert.Null(await store.Policies.WriteAsync("refund", 0, Slower, Samples.Noon, "b", default));
        Assert.Equal("a", Assert.Single(await store.Policies.ReadAllAsync(default)).Caller);
    }

    [Fact]
    public async Task OfManyWhoWriteAtOnceOneIsFirst()
    {
        await using var store = await TestStore.NewAsync(databases);
        for (var version = 0; version < 5; version++)
        {
            var written = await Task.WhenAll(
                Enumerable
                    .Range(0, 8)
                    .Select(n =>
                        store.Policies.WriteAsync("refund", version, Faster, Samples.Noon, $"caller-{n}", default)
                    )
            );
            Assert.Equal(version + 1, Assert.Single(written, outcome => outcome is not null));
        }
    }

    /// <summary>A connection lost after its commit has the same write sent again.</summary>
    [Fact]
    public async Task AWriteThatIsRepeatedFindsItself()
    {
        await using var store = await TestStore.NewAsync(databases);
        Assert.Equal(1, await store.Policies.WriteAsync("refund", 0, Faster, Samples.Noon, "a", default));
        Assert.Equal(1, await store.Policies.WriteAsync("refund", 0, Faster, Samples.Noon, "a", default));
    }
}
