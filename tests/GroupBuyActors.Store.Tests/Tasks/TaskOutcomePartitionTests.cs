using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tests.Tasks;

/// <summary>Day partitions: made ahead, dropped by age, never in the way of a commit for long.</summary>
public sealed class TaskOutcomePartitionTests(MariaDb server)
{
    private static readonly DateOnly Today = DateOnly.FromDateTime(Samples.Noon.UtcDateTime);

    [Fact]
    public async Task PartitionsAreMadeAheadAndDroppedByAge()
    {
        await using var store = await TestStore.NewAsync(server);
        Assert.Equal(
            new TaskOutcomeMaintenance(31, 0, true),
            await store.Outcomes.MaintainAsync(Today, 30, 30, ["refund", "payment-check"], default)
        );
        Assert.Equal(["pkept", "p20261123"], (await NamesAsync(store))[..2]);
        Assert.Equal(["p20261223", "pmax"], (await NamesAsync(store))[^2..]);
        Assert.Equal(
            new TaskOutcomeMaintenance(1, 0, true),
            await store.Outcomes.MaintainAsync(Today.AddDays(1), 30, 30, ["refund", "payment-check"], default)
        );

        await store.EndAsync(Samples.Ending("today", type: "notify"));
        Assert.Equal(1, await store.NumberAsync($"select count(*) from task_outcome partition (p20261123)"));
        Assert.Equal(
            new TaskOutcomeMaintenance(30, 1, true),
            await store.Outcomes.MaintainAsync(Today.AddDays(31), 30, 30, ["refund", "payment-check"], default)
        );
        Assert.Equal(["pkept", "p20261124"], (await NamesAsync(store))[..2]);
        Assert.Equal(0, await store.NumberAsync($"select count(*) from task_outcome"));
    }

    [Fact]
    public async Task EndingsOfDaysThatNobodyMadeAPartitionForAreTakenAndFindTheirs()
    {
        await using var store = await TestStore.NewAsync(server);
        await store.EndAsync(Samples.Ending("before the first upkeep", type: "notify"));
        await store.Outcomes.MaintainAsync(Today, 30, 30, ["refund", "payment-check"], default);
        Assert.Equal(1, await store.NumberAsync($"select count(*) from task_outcome partition (p20261123)"));

        // Half a year without upkeep: days that are past keeping share one partition, which goes when its last day
        // does.
        await store.EndAsync(Samples.Ending("long ago", Samples.Noon.AddDays(100), type: "notify"));
        await store.EndAsync(Samples.Ending("kept", Samples.Noon.AddDays(160), type: "notify"));
        var maintenance = await store.Outcomes.MaintainAsync(
            Today.AddDays(180),
            30,
            30,
            ["refund", "payment-check"],
            default
        );
        Assert.Equal(new TaskOutcomeMaintenance(61, 31, true), maintenance);
        Assert.Equal(2, await store.NumberAsync($"select count(*) from task_outcome"));
        Assert.Equal(
            1,
            (
                await store.Outcomes.MaintainAsync(Today.AddDays(181), 30, 30, ["refund", "payment-check"], default)
            ).Dropped
        );
        Assert.Equal(
            "kept",
            Assert.Single((await store.Outcomes.SearchAsync(new TaskOutcomeFilter(), null, 10, default)).Items).TaskId
        );
    }

    [Fact]
    public async Task TheDayOfWhatIsKeptIsMadeBeforeDaysThatAreThereAlready()
    {
        await using var store = await TestStore.NewAsync(server);
        await store.ExecuteAsync(
            $"""
            alter table task_outcome reorganize partition pmax into (partition p20261123
              values less than (20781), partition pmax values less than maxvalue)
            """
        );
        await store.EndAsync(Samples.Ending("refund"));
        await store.Outcomes.MaintainAsync(Today, 30, 2, ["refund", "payment-check"], default);
        Assert.Equal(["pkept", "p20261123", "p20261124", "p20261125", "pmax"], await NamesAsync(store));
        await store.Outcomes.MaintainAsync(Today.AddDays(60), 30, 2, ["refund", "payment-check"], default);
        Assert.Equal(1, await store.NumberAsync($"select count(*) from task_outcome partition (pkept)"));
    }

    /// <summary>A definition that waits has every commit wait behind it: it gives up first.</summary>
    [Fact]
    public async Task UpkeepGivesWayToALongRead()
    {
        await using var store = await TestStore.NewAsync(server);
        await using var reader = await store.Database.DataSource.OpenConnectionAsync();
        await using var transaction = await reader.BeginTransactionAsync();
        await using var command = reader.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "select count(*) from task_outcome";
        await command.ExecuteScalarAsync();

        Assert.Equal(
            new TaskOutcomeMaintenance(0, 0, false),
            await store.Outcomes.MaintainAsync(Today, 30, 30, ["refund", "payment-check"], default)
        );
        await transaction.RollbackAsync();
        Assert.Equal(
            new TaskOutcomeMaintenance(31, 0, true),
            await store.Outcomes.MaintainAsync(Today, 30, 30, ["refund", "payment-check"], default)
        );
    }

    /// <summary>The index gives the order, across partitions too, and days outside the filter are left out.</summary>
    [Theory]
    [InlineData("task_outcome_time")]
    [InlineData("task_outcome_status")]
    [InlineData("task_outcome_type")]
    [InlineData("task_outcome_account")]
    [InlineData("task_outcome_actor")]
    public async Task ASearchReadsOneIndexAndSortsNothing(string index)
    {
        await using var store = await TestStore.NewAsync(server);
        await store.Outcomes.MaintainAsync(Today.AddDays(-6), 30, 6, ["refund", "payment-check"], default);
        for (var day = -6; day < 0; day++)
        for (var n = 0; n < 20; n++)
            await store.EndAsync(Samples.Ending($"{n}", Samples.Noon.AddDays(day), merchant: n));
        var filter = index switch
        {
            "task_outcome_status" => new TaskOutcomeFilter { Status = TaskOutcomeStatus.Dead },
            "task_outcome_type" => new TaskOutcomeFilter { Type = "refund", Status = TaskOutcomeStatus.Dead },
            "task_outcome_account" => new TaskOutcomeFilter { Account = 3, Type = "refund" },
            "task_outcome_actor" => new TaskOutcomeFilter { Actor = GroupId.Parse("1.SH.a").Actor, Account = 1 },
            _ => new TaskOutcomeFilter { Shard = new ShardId(7) },
        };
        filter = filter with { From = Samples.Noon.AddDays(-3), To = Samples.Noon.AddDays(-1) };
        var plan = await store.PlanAsync(new TaskOutcomeScan(filter, null).Page(null, 50, store.Database.Dialect));
        Assert.Equal(index, plan.Key);
        Assert.Equal(4, plan.Partitions!.Split(',').Length);
        Assert.DoesNotContain("filesort", plan.Extra ?? "");
    }

    private static Task<List<string>> NamesAsync(TestStore store) =>
        store.Database.ReadAsync(
            (session, ct) =>
                session.ListAsync(
                    $"""
                    select partition_name from information_schema.partitions where table_schema = database()
                      and table_name = 'task_outcome' order by partition_ordinal_position
                    """,
                    row => row.GetString(0),
                    ct
                ),
            default
        );
}
