using GroupBuyActors.Conformance.Databases;
using GroupBuyActors.Streams;

namespace GroupBuyActors.Conformance.Streams;

/// <summary>Groups set aside on the way from streams to a sink, on every database.</summary>
public abstract class BlockedActorSuite : IAsyncLifetime
{
    private const string Sink = "kafka";
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private protected StoreUnderTest Store { get; private set; } = null!;

    private IBlockedActorStore BlockedActors => Store.BlockedActors;

    [Fact]
    public async Task ARowIsThereOnceTheCursorHasPassedIt()
    {
        await BlockedActors.MoveCursorAsync(
            7,
            Sink,
            20,
            [Row(1, 5), Row(2, 9, BlockedActorState.Parked, "Too large, 太大")],
            CancellationToken.None
        );
        Assert.Equal(20, await Store.Streams.CursorAsync(7, Sink, CancellationToken.None));
        Assert.Equal(
            [Row(1, 5), Row(2, 9, BlockedActorState.Parked, "Too large, 太大")],
            await BlockedActors.ReadAsync(7, Sink, 10, CancellationToken.None)
        );
        Assert.Single(await BlockedActors.ReadAsync(7, Sink, 1, CancellationToken.None));
        Assert.Empty(await BlockedActors.ReadAsync(7, "lists", 10, CancellationToken.None));
    }

    [Fact]
    public async Task ARowThatIsThereStaysAsItIsWhenTheCursorMovesOn()
    {
        await BlockedActors.MoveCursorAsync(7, Sink, 20, [Row(1, 5)], CancellationToken.None);
        await BlockedActors.MoveCursorAsync(7, Sink, 10, [Row(1, 8), Row(2, 3)], CancellationToken.None);
        Assert.Equal(20, await Store.Streams.CursorAsync(7, Sink, CancellationToken.None));
        Assert.Equal(
            [5L, 3],
            (await BlockedActors.ReadAsync(7, Sink, 10, CancellationToken.None)).Select(row => row.Sequence)
        );
    }

    [Fact]
    public async Task SettledRowsGoOrMoveOn()
    {
        await BlockedActors.MoveCursorAsync(7, Sink, 20, [Row(1, 5), Row(2, 5), Row(3, 5)], CancellationToken.None);
        Assert.True(
            await BlockedActors.ReplaceAsync(
                7,
                Sink,
                20,
                [(Commits.Group(1).Actor, null), (Commits.Group(2).Actor, Row(2, 9, BlockedActorState.Parked, "No."))],
                CancellationToken.None
            )
        );
        Assert.Equal(
            [Row(2, 9, BlockedActorState.Parked, "No."), Row(3, 5)],
            await BlockedActors.ReadAsync(7, Sink, 10, CancellationToken.None)
        );
        Assert.Equal(20, await Store.Streams.CursorAsync(7, Sink, CancellationToken.None));
    }

    [Fact]
    public async Task NothingIsSettledByWhoHasCarriedLessThanTheCursorTells()
    {
        await BlockedActors.MoveCursorAsync(7, Sink, 20, [Row(1, 5)], CancellationToken.None);
        Assert.False(
            await BlockedActors.ReplaceAsync(7, Sink, 19, [(Commits.Group(1).Actor, null)], CancellationToken.None)
        );
        Assert.Single(await BlockedActors.ReadAsync(7, Sink, 10, CancellationToken.None));
        // A stream that no cursor was moved on yet.
        Assert.True(
            await BlockedActors.ReplaceAsync(8, Sink, 0, [(Commits.Group(1).Actor, null)], CancellationToken.None)
        );
    }

    [Fact]
    public async Task SettlingAndMovingOnTakeTurns()
    {
        // However they meet: once the cursor is beyond what the settler carried, the row is there.
        for (var round = 1; round <= 20; round++)
        {
            var stream = 100 + round;
            await BlockedActors.MoveCursorAsync(
                stream,
                Sink,
                10,
                [Row(1, 5) with { Stream = stream }],
                CancellationToken.None
            );
            await Task.WhenAll(
                    BlockedActors.ReplaceAsync(
                        stream,
                        Sink,
                        10,
                        [(Commits.Group(1).Actor, null)],
                        CancellationToken.None
                    ),
                    BlockedActors.MoveCursorAsync(
                        stream,
                        Sink,
                        20,
                        [Row(1, 5) with { Stream = stream }],
                        CancellationToken.None
                    )
                )
                .WaitAsync(Eventually.Bound);
            Assert.Single(await BlockedActors.ReadAsync(stream, Sink, 10, CancellationToken.None));
        }
    }

    [Fact]
    public async Task AnEventIsRelayedWhereTheCursorPassedItAndItsGroupIsNotAside()
    {
        var committer = await Store.StartAsync(o => o.Lanes = 1);
        var stream = committer.Streams[0];
        for (var i = 1; i <= 3; i++)
            foreach (var group in (int[])[1, 2])
                await committer.SendAsync(Commits.Join(Commits.Group(group), i));
        // Positions: 1:1 2:1 1:2 2:2 1:3 2:3.
        Assert.All(await PositionsAsync(), place => Assert.False(place.IsRelayed));

        await BlockedActors.MoveCursorAsync(stream, Sink, 4, [], CancellationToken.None);
        Assert.Equal(["1:1", "1:2", "2:1", "2:2"], Relayed(await PositionsAsync()));
        await BlockedActors.MoveCursorAsync(
            stream,
            Sink,
            6,
            [Row(1, 2) with { Stream = stream }],
            CancellationToken.None
        );
        Assert.Equal(["1:1", "2:1", "2:2", "2:3"], Relayed(await PositionsAsync()));
        Assert.Equal(
            Enumerable.Range(1, 6).Select(n => (stream, (long)n)),
            (await PositionsAsync()).Select(place => (place.At.Stream, place.At.Position)).Order()
        );
        // A drained stream is relayed to its end, and so is one whose row is gone.
        await Store.Streams.FenceAsync([stream], CancellationToken.None);
        await Store.Streams.MarkDrainedAsync(stream, CancellationToken.None);
        Assert.Equal(6, Relayed(await PositionsAsync()).Length);
        await Store.Streams.PurgeAsync(CancellationToken.None);
        Assert.Equal(6, Relayed(await PositionsAsync()).Length);
        Assert.Equal(0, await Store.NumberAsync("select count(*) from relay_blocked"));
        Assert.Empty(
            await BlockedActors.PositionsAsync(
                Sink,
                [(Commits.Group(1).Actor, 4), (Commits.Group(9).Actor, 1)],
                CancellationToken.None
            )
        );
    }

    [Fact]
    public async Task HowFarStreamsAreCarriedIsToldForMany()
    {
        var silo = await Store.StartAsync(o => o.Lanes = 1);
        var first = silo.Streams[0];
        await StoreUnderTest.StopAsync(silo);
        var second = (await Store.StartAsync(o => o.Lanes = 1)).Streams[0];
        await BlockedActors.MoveCursorAsync(second, Sink, 42, [], CancellationToken.None);
        var carried = await BlockedActors.CursorsAsync(Sink, [first, second, 5], CancellationToken.None);
        Assert.Equal([0, 42, long.MaxValue], [carried[first], carried[second], carried[5]]);
    }

    [Fact]
    public async Task AParkedGroupIsListedAndTriedAgainOrPassedOver()
    {
        await BlockedActors.MoveCursorAsync(
            7,
            Sink,
            20,
            [Row(1, 5, BlockedActorState.Parked, "No."), Row(2, 6, BlockedActorState.Parked, "No."), Row(3, 7)],
            CancellationToken.None
        );
        var page = await BlockedActors.ParkedAsync(Sink, null, 1, CancellationToken.None);
        Assert.Equal(Commits.Group(1).Actor, Assert.Single(page.Items).Actor);
        var next = await BlockedActors.ParkedAsync(Sink, page.Next, 1, CancellationToken.None);
        Assert.Equal((Commits.Group(2).Actor, (string?)null), (Assert.Single(next.Items).Actor, next.Next));

        Assert.Equal(
            5,
            (await BlockedActors.RetryAsync(Sink, Commits.Group(1).Actor, CancellationToken.None))!.Sequence
        );
        Assert.Null(await BlockedActors.RetryAsync(Sink, Commits.Group(1).Actor, CancellationToken.None));
        Assert.Equal(
            6,
            (await BlockedActors.SkipAsync(Sink, Commits.Group(2).Actor, CancellationToken.None))!.Sequence
        );
        Assert.Null(await BlockedActors.SkipAsync(Sink, Commits.Group(3).Actor, CancellationToken.None));
        Assert.Empty((await BlockedActors.ParkedAsync(Sink, null, 10, CancellationToken.None)).Items);
        Assert.Equal(
            [(5L, BlockedActorState.Waiting), (7, BlockedActorState.Waiting), (7, BlockedActorState.Waiting)],
            (await BlockedActors.ReadAsync(7, Sink, 10, CancellationToken.None)).Select(row =>
                (row.Sequence, row.State)
            )
        );
    }

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => Store = await CreateAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return Store.DisposeAsync();
    }

    private protected abstract Task<StoreUnderTest> CreateAsync();

    private static BlockedActorRow Row(
        int group,
        long sequence,
        BlockedActorState state = BlockedActorState.Waiting,
        string? reason = null
    ) => new(7, Commits.Group(group).Actor, sequence, state, Noon, reason);

    private Task<IReadOnlyList<EventPosition>> PositionsAsync() =>
        BlockedActors.PositionsAsync(
            Sink,
            [
                .. from @group in (int[])[1, 2]
                from sequence in (long[])[1, 2, 3]
                select (Commits.Group(@group).Actor, sequence),
            ],
            CancellationToken.None
        );

    private static string[] Relayed(IEnumerable<EventPosition> places) =>
        [
            .. from place in places
            where place.IsRelayed
            let @group = place.Actor == Commits.Group(1).Actor ? 1 : 2
            orderby @group, place.Sequence
            select $"{@group}:{place.Sequence}",
        ];
}

/// <inheritdoc/>
public sealed class SqliteBlockedActors : BlockedActorSuite
{
    private protected override Task<StoreUnderTest> CreateAsync() => SqliteUnderTest.CreateAsync();
}

/// <inheritdoc/>
public sealed class MySqlBlockedActors(MariaDb mariaDb) : BlockedActorSuite
{
    private protected override Task<StoreUnderTest> CreateAsync() => MySqlUnderTest.CreateAsync(mariaDb.Server);
}
