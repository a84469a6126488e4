using GroupBuyActors.Committing;
using GroupBuyActors.Conformance.Databases;
using GroupBuyActors.Store;
using GroupBuyActors.Streams;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Conformance.Streams;

/// <summary>Fences, lives of silos and cursors, on every database.</summary>
public abstract class StreamSuite : IAsyncLifetime
{
    private protected StoreUnderTest Store { get; private set; } = null!;

    [Fact]
    public async Task EachLifeOfASiloHasStreamsOfItsOwn()
    {
        var first = await Store.StartAsync();
        var before = first.Streams;
        await StoreUnderTest.StopAsync(first);
        var second = await Store.StartAsync();

        Assert.Empty(before.Intersect(second.Streams));
        Assert.All(before.Concat(second.Streams), id => Assert.True(id > 0));
        var rows = await Store.Streams.ListAsync(CancellationToken.None);
        Assert.Equal(before.Concat(second.Streams).Order(), rows.Select(r => r.Id));
        Assert.All(
            rows.Where(r => second.Streams.Contains(r.Id)),
            r => Assert.Equal((StreamState.Alive, "silo-2"), (r.State, r.SiloSlot))
        );
    }

    [Fact]
    public async Task ARestartFindsWhatTheLifeBeforeItLeft()
    {
        var first = await Store.StartAsync();
        var group = Commits.Group(1);
        var written = await first.SendAsync(Commits.Join(group, 1));
        await StoreUnderTest.StopAsync(first);

        var second = await Store.StartAsync();
        await Store.Streams.FenceAsync(first.Streams, CancellationToken.None);
        var left = Assert.Single(await Store.Streams.ReadAsync(written.At.Stream, 0, 10, CancellationToken.None));
        Assert.Equal((group.Actor, 1L), (left.Actor!.Value, left.Sequence));
        Assert.Equal(CommitStatus.Committed, (await second.SendAsync(Commits.Join(group, 2))).Status);
        Assert.Equal(CommitStatus.Stale, (await second.SendAsync(Commits.Join(group, 2))).Status);
    }

    [Fact]
    public async Task AFencedStreamTakesNothingMoreAndItsSiloHearsOfIt()
    {
        var committer = await Store.StartAsync();
        var token = new ActivationToken();
        await committer.SendAsync(Commits.Join(Commits.Group(1), 1, token));
        await Store.Streams.FenceAsync(committer.Streams, CancellationToken.None);
        var late = await committer.SendAsync(Commits.Join(Commits.Group(1), 2, token));

        Assert.Equal(CommitStatus.Unavailable, late.Status);
        Assert.False(token.IsPoisoned);
        Assert.Contains("fenced", await committer.Fenced.WaitAsync(Eventually.Bound));
        Assert.Null(committer.TryReserve(Commits.Group(1).Shard));
        Assert.Equal(1, await Store.NumberAsync("select count(*) from journal"));
    }

    [Fact]
    public async Task AnIdleSiloHearsOfItsFenceToo()
    {
        var time = new FakeTimeProvider();
        var committer = await Store.StartAsync(time: time);
        await Store.Streams.FenceAsync(committer.Streams, CancellationToken.None);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("fenced", await committer.Fenced.WaitAsync(Eventually.Bound));
    }

    [Fact]
    public async Task AnIdleSiloConfirmsItsFenceByTheTimeOfTheRequest()
    {
        var time = new FakeTimeProvider();
        var committer = await Store.StartAsync(time: time);
        var started = committer.FenceConfirmedAt;
        Assert.NotEqual(0, started);
        time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => committer.FenceConfirmedAt == time.GetTimestamp(), "every lane confirms");
        Assert.True(committer.FenceConfirmedAt > started);
    }

    [Fact]
    public async Task WhatIsReadAfterAFenceIsAllThereWillEverBe()
    {
        var committer = await Store.StartAsync();
        var committed = 0;
        var workers = Enumerable
            .Range(1, 32)
            .Select(worker =>
                Task.Run(async () =>
                {
                    for (var i = 1; committer.TryReserve(Commits.Group(worker).Shard) is { } place; i++)
                    {
                        var result = await committer.CommitAsync(place, Commits.Join(Commits.Group(worker), i));
                        if (result.Status != CommitStatus.Committed)
                            return;
                        Interlocked.Increment(ref committed);
                    }
                })
            )
            .ToList();
        await Eventually.TrueAsync(() => Volatile.Read(ref committed) > 100, "commits flow");
        await Store.Streams.FenceAsync(committer.Streams, CancellationToken.None);
        var atFence = await Store.NumberAsync("select count(*) from journal");

        await Task.WhenAll(workers).WaitAsync(Eventually.Bound);
        Assert.Equal(atFence, await Store.NumberAsync("select count(*) from journal"));
        Assert.Equal(atFence, committed);
    }

    [Fact]
    public async Task ALaneWhoseLastPositionIsMissingStops()
    {
        var committer = await Store.StartAsync(o => o.Lanes = 1);
        await committer.SendAsync(Commits.Join(Commits.Group(1), 1));
        await committer.SendAsync(Commits.Join(Commits.Group(1), 2));
        // As after the promotion of a replica that lagged.
        await Store.ExecuteAsync("delete from journal where position = 2");
        var result = await committer.SendAsync(Commits.Join(Commits.Group(2), 1));

        Assert.Equal(CommitStatus.Unavailable, result.Status);
        Assert.Contains("missing", await committer.Fenced.WaitAsync(Eventually.Bound));
        Assert.Equal(1, await Store.NumberAsync("select count(*) from journal"));
    }

    [Fact]
    public async Task ACursorNeverGoesBackwards()
    {
        await Store.Streams.MoveCursorAsync(7, "kafka", 10, CancellationToken.None);
        await Store.Streams.MoveCursorAsync(7, "kafka", 4, CancellationToken.None);
        Assert.Equal(10, await Store.Streams.CursorAsync(7, "kafka", CancellationToken.None));
        await Store.Streams.MoveCursorAsync(7, "kafka", 12, CancellationToken.None);
        Assert.Equal(12, await Store.Streams.CursorAsync(7, "kafka", CancellationToken.None));
        Assert.Equal(0, await Store.Streams.CursorAsync(7, "lists", CancellationToken.None));
    }

    [Fact]
    public async Task AStreamIsPurgedOnlyWhenDrainedAndItsJournalStays()
    {
        var committer = await Store.StartAsync(o => o.Lanes = 1);
        var stream = committer.Streams[0];
        await committer.SendAsync(Commits.Join(Commits.Group(1), 1));
        await Store.Streams.MoveCursorAsync(stream, "lists", 1, CancellationToken.None);
        // Alive streams do not drain.
        await Store.Streams.MarkDrainedAsync(stream, CancellationToken.None);
        await Store.Streams.PurgeAsync(CancellationToken.None);
        Assert.Single(await Store.Streams.ListAsync(CancellationToken.None));

        await Store.Streams.FenceAsync([stream], CancellationToken.None);
        Assert.Equal(1, await Store.Streams.UndrainedCursorAsync(stream, "lists", CancellationToken.None));
        Assert.Equal(0, await Store.Streams.UndrainedCursorAsync(stream, "kafka", CancellationToken.None));
        await Store.Streams.MarkDrainedAsync(stream, CancellationToken.None);
        Assert.Empty(await Store.Streams.ListAsync(CancellationToken.None));
        Assert.Null(await Store.Streams.UndrainedCursorAsync(stream, "lists", CancellationToken.None));
        await Store.Streams.PurgeAsync(CancellationToken.None);
        Assert.Null(await Store.Streams.UndrainedCursorAsync(stream, "lists", CancellationToken.None));
        Assert.Equal(0, await Store.NumberAsync("select count(*) from stream"));
        Assert.Equal(0, await Store.Streams.CursorAsync(stream, "lists", CancellationToken.None));
        Assert.Single(await Store.Streams.ReadAsync(stream, 0, 10, CancellationToken.None));
    }

    [Fact]
    public async Task AStreamIsReadInPages()
    {
        var committer = await Store.StartAsync(o => o.Lanes = 1);
        for (var i = 1; i <= 5; i++)
            await committer.SendAsync(Commits.Join(Commits.Group(1), i));
        var page = await Store.Streams.ReadAsync(committer.Streams[0], 2, 2, CancellationToken.None);
        Assert.Equal([3L, 4L], page.Select(r => r.Position));
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
}

/// <inheritdoc/>
public sealed class SqliteStreams : StreamSuite
{
    [Fact]
    public async Task OneProcessOwnsTheFile()
    {
        await Store.StartAsync();
        var refused = await Assert.ThrowsAsync<StoreUnusableException>(() => Store.StartAsync());
        Assert.Contains("only one silo", refused.Message);
    }

    [Fact]
    public async Task ALockFileThatNobodyHoldsMeansNothing()
    {
        await File.WriteAllTextAsync(((SqliteUnderTest)Store).FilePath + ".lock", "");
        await Store.StartAsync();
    }

    [Fact]
    public async Task TheOwnerFencesAllStreamsBeforeItsOwn()
    {
        await Store.ExecuteAsync(
            "insert into stream (id, silo_address, silo_slot, state) values (5, 'S1', 'a', 1), (6, 'S2', 'b', 3)"
        );
        var committer = await Store.StartAsync();
        Assert.Equal(
            [5L],
            (await Store.Streams.ListAsync(CancellationToken.None))
                .Where(r => r.State == StreamState.Dead)
                .Select(r => r.Id)
        );
        Assert.Equal(1, await Store.NumberAsync($"select state from stream where id = {committer.Streams[0]}"));
    }

    private protected override Task<StoreUnderTest> CreateAsync() => SqliteUnderTest.CreateAsync();
}

/// <inheritdoc/>
public sealed class MySqlStreams(MariaDb mariaDb) : StreamSuite
{
    /// <summary>
    /// Its own last commit is there, but an actor that moved to it may have later events in its memory.
    /// </summary>
    [Fact]
    public async Task ASiloWhoseCommitsAreAllThereStopsTooWhenAnotherFindsThatCommitsWereLost()
    {
        var quiet = await Store.StartAsync(o => o.Lanes = 1);
        await quiet.SendAsync(Commits.Join(Commits.Group(1), 1));
        var other = await Store.StartAsync(o => o.Lanes = 1);
        await other.SendAsync(Commits.Join(Commits.Group(2), 1));
        await Store.ExecuteAsync($"delete from journal where stream = {other.Streams[0]}");

        Assert.Contains("2118", await other.Fenced.WaitAsync(Eventually.Bound), StringComparison.Ordinal);
        Assert.Contains("2118", await quiet.Fenced.WaitAsync(Eventually.Bound), StringComparison.Ordinal);
        Assert.Equal(1, await Store.NumberAsync("select count(*) from journal"));
    }

    private protected override Task<StoreUnderTest> CreateAsync() => MySqlUnderTest.CreateAsync(mariaDb.Server);
}
