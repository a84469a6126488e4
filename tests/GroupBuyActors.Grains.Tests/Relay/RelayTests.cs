using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Setting;
using GroupBuyActors.Store.Projections;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace GroupBuyActors.Relay;

/// <summary>From streams to sinks.</summary>
public sealed class RelayTests
{
    private const string Id = "10042.SH-PUDONG.tea-1123";

    [Fact]
    public async Task ListsFollowTheGroups()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 1);
        await silo.ProjectedAsync(Id, GroupPhase.OnShelf);
        await group.Withdraw();
        await silo.ProjectedAsync(Id, GroupPhase.Expired);
    }

    [Fact]
    public async Task SinkThatIsDownHoldsUpNoOtherAndItsCursorStays()
    {
        var down = new RecordingSink("kafka") { IsDown = true };
        await using var silo = await TestSilo.StartAsync(services: services =>
            services.AddSingleton<IStreamSink>(down)
        );
        await silo.PublishAsync(Id, minGroupSize: 1);
        await silo.ProjectedAsync(Id, GroupPhase.OnShelf);
        var stream = silo.Committer.Streams[0];
        var streams = silo.Get<IStreams>();
        Assert.Equal(0, await streams.CursorAsync(stream, "kafka", CancellationToken.None));
        down.IsDown = false;
        await down.TookAsync(commits => commits.Any(commit => commit.Events.Any(e => e.Type == "group.shelved")));
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (await streams.CursorAsync(stream, "kafka", bound.Token) == 0)
            await Task.Yield();
    }

    [Fact]
    public async Task SinkFarBehindReadsFromTheTableAndMissesNothing()
    {
        var streams = new MemoryStreams();
        var sink = new RecordingSink("slow") { IsDown = true };
        var pump = Pump(
            streams,
            sink,
            new GrainsOptions
            {
                RelayBacklogMax = 10,
                RelayBatchMax = 7,
                RelayInterval = TimeSpan.FromMilliseconds(1),
            }
        );
        using var stop = new CancellationTokenSource();
        var running = pump.RunAsync(Loops.NewContext(TimeProvider.System), stop.Token);
        for (var position = 1; position <= 100; position++)
            pump.Add(streams.Commit(position));
        sink.IsDown = false;
        await sink.ReachedAsync(100);
        for (var position = 101; position <= 120; position++)
            pump.Add(streams.Commit(position));
        await sink.ReachedAsync(120);
        await stop.CancelAsync();
        await running.ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext
        );
        Assert.True(await pump.FlushAsync(CancellationToken.None));
        Assert.Equal(Enumerable.Range(1, 120).Select(n => (long)n), sink.Positions.Distinct().Order());
        Assert.Equal(120, streams.Cursor);
        Assert.True(streams.CursorNeverMovedBack);
    }

    [Fact]
    public async Task StoppingInTheMiddleOfAStretchLosesNothing()
    {
        var streams = new MemoryStreams();
        var sink = new RecordingSink("slow") { IsDown = true };
        var pump = Pump(streams, sink, new GrainsOptions { RelayInterval = TimeSpan.FromMilliseconds(1) });
        using var stop = new CancellationTokenSource();
        var running = pump.RunAsync(Loops.NewContext(TimeProvider.System), stop.Token);
        for (var position = 1; position <= 5; position++)
            pump.Add(streams.Commit(position));
        await sink.RefusedAsync();
        await stop.CancelAsync();
        await running.ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext
        );
        sink.IsDown = false;
        Assert.True(await pump.FlushAsync(CancellationToken.None));
        Assert.Equal([1L, 2, 3, 4, 5], sink.Positions);
        Assert.Equal(5, streams.Cursor);
    }

    [Fact]
    public async Task StreamOfADeadSiloIsDrainedByRebuildingItsGroups()
    {
        var lost = new LostProjections();
        var first = await TestSilo.StartAsync(services: services => services.AddSingleton<IProjections>(lost));
        var group = await first.PublishAsync(Id, minGroupSize: 1);
        var joined = await group.Join(new JoinGroup("user-1"));
        await group.Pay(new PayOrder(1, "pay-1", joined.Value!.Total));
        var before = await TestSilo.UntilAsync(group, view => view.State == GroupPhase.Fulfilled);
        await first.Ports.CalledAsync("notice:");
        await first.KillAsync();

        await using var second = await TestSilo.StartAsync(first.File, first.Time);
        await second.ProjectedAsync(Id, GroupPhase.Fulfilled);
        var books = await second
            .Get<IGroupQueries>()
            .BooksAsync(10042, second.Time.GetUtcNow(), CancellationToken.None);
        Assert.Equal(1_500, Assert.Single(books.Currencies).Paid);
        Assert.Equal(before.Sequence, (await second.Group(Id).Get()).Value!.Sequence);
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while ((await second.Get<IStreams>().ListAsync(bound.Token)).Any(row => row.State == StreamState.Dead))
            await Task.Delay(20, bound.Token);
    }

    [Fact]
    public async Task AGroupThatCannotBeLoadedIsSetAsideAloneAndItsStreamIsDrainedOnceItCan()
    {
        const string Bad = "10042.SH-PUDONG.bad",
            Good = "10042.SH-PUDONG.good";
        var first = await TestSilo.StartAsync(services: services =>
            services.AddSingleton<IProjections>(new LostProjections())
        );
        await first.PublishAsync(Bad);
        await first.PublishAsync(Good);
        await first.KillAsync();
        await ChangeBetweenLivesAsync(
            first,
            $"update journal set version = version + 100 where actor_id = 'groups:{Bad}' and sequence = 2"
        );

        await using var second = await TestSilo.StartAsync(
            first.File,
            first.Time,
            configure: options => options.RelayRebuildInterval = TimeSpan.FromMilliseconds(50)
        );
        await second.ProjectedAsync(Good, GroupPhase.OnShelf);
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        var dead = (await second.Get<IStreams>().ListAsync(bound.Token))
            .Single(row => row.State == StreamState.Dead)
            .Id;
        while (
            (await second.Get<IBlockedActorStore>().ReadAsync(dead, StreamProjection.SinkName, 10, bound.Token)).Count
            == 0
        )
            await Task.Delay(20, bound.Token);
        var blockedActors = Assert.Single(
            await second.Get<IBlockedActorStore>().ReadAsync(dead, StreamProjection.SinkName, 10, bound.Token)
        );
        Assert.Equal((Bad, BlockedActorState.Parked), (blockedActors.Actor.Key, blockedActors.State));

        // A newer release comes, or somebody mends the row.
        await ChangeAsync(
            second,
            $"update journal set version = version - 100 where actor_id = 'groups:{Bad}' and sequence = 2"
        );
        for (
            var tick = 0;
            (await second.Get<IStreams>().ListAsync(bound.Token)).Any(row => row.State == StreamState.Dead);
            tick++
        )
        {
            second.Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(20, bound.Token);
        }

        await second.ProjectedAsync(Bad, GroupPhase.OnShelf);
        Assert.Empty(
            await second.Get<IBlockedActorStore>().ReadAsync(dead, StreamProjection.SinkName, 10, bound.Token)
        );
    }

    [Fact]
    public async Task ARowThatItsTableCannotTakeKeepsNoOtherGroupOutOfTheLists()
    {
        const string Bad = "10042.SH-PUDONG.bad",
            Good = "10042.SH-PUDONG.good";
        await using var silo = await TestSilo.StartAsync(configure: options =>
            options.RelayRebuildInterval = TimeSpan.FromMilliseconds(50)
        );
        await ChangeAsync(
            silo,
            $"""
            create trigger refuses before insert on group_view when new.group_id = '{Bad}' begin select
              raise(abort, 'no'); end
            """
        );
        await silo.PublishAsync(Bad);
        await silo.PublishAsync(Good);
        await silo.ProjectedAsync(Good, GroupPhase.OnShelf);
        Assert.DoesNotContain(
            (await silo.Get<IGroupQueries>().GroupsAsync(new GroupFilter(), null, 10, CancellationToken.None)).Items,
            view => view.GroupId.Value == Bad
        );

        await ChangeAsync(silo, "drop trigger refuses");
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (
            !(await silo.Get<IGroupQueries>().GroupsAsync(new GroupFilter(), null, 10, bound.Token)).Items.Any(view =>
                view.GroupId.Value == Bad
            )
        )
        {
            silo.Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(20, bound.Token);
        }
    }

    [Fact]
    public async Task AnOwnerWhoseAddressNobodyCanHaveKeepsNoShardFromItsHome()
    {
        var first = await TestSilo.StartAsync();
        await first.KillAsync();
        await ChangeBetweenLivesAsync(first, "update shard_owner set owner_address = 'nowhere' where shard = 7");
        await using var second = await TestSilo.StartAsync(first.File, first.Time);
        Assert.Equal(ShardId.Count, second.Get<OwnedShards>().Count);
    }

    /// <summary>On purpose: the next life is not to look for what the last one left.</summary>
    private static async Task ChangeBetweenLivesAsync(TestSilo silo, string sql)
    {
        await ChangeAsync(silo, sql);
        File.Delete($"{silo.File}.mark");
    }

    private static async Task ChangeAsync(TestSilo silo, string sql)
    {
        await using var connection = new Microsoft.Data.Sqlite.SqliteConnection(
            $"Data Source={silo.File};Pooling=false"
        );
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    private static StreamForwarder Pump(MemoryStreams streams, RecordingSink sink, GrainsOptions options) =>
        new(
            1,
            sink,
            new RelayServices(
                streams,
                options,
                new RelayMetrics(new NoMeters()),
                TimeProvider.System,
                TimeProvider.System,
                NullLogger.Instance
            )
        );

    /// <summary>A projection table that takes nothing: what a silo that dies at once leaves of its flush.</summary>
    private sealed class LostProjections : IProjections
    {
        public Task WriteAsync(IReadOnlyCollection<ProjectionChange> changes, CancellationToken cancellation) =>
            Task.FromException(new IOException("Not written."));
    }
}
