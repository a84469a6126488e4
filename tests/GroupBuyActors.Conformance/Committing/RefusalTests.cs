using GroupBuyActors.Committing;
using GroupBuyActors.Conformance.Databases;
using GroupBuyActors.Store.Committing;
using GroupBuyActors.Testing;

namespace GroupBuyActors.Conformance.Committing;

/// <summary>
/// States of a server in which it takes no commit and says so: none of them is a reason to stop a silo.
/// </summary>
public sealed class RefusalTests : IAsyncLifetime
{
    private const string User = "plain";
    private const string Transaction = "insert into journal";
    private MariaDbServer _server = null!;
    private MySqlUnderTest _store = null!;

    [Theory]
    [InlineData("read-only", "set global read_only = 1", "set global read_only = 0")]
    [InlineData("a table is gone", "rename table timed_task to gone", "rename table gone to timed_task")]
    [InlineData("a right is gone", "revoke insert on {db}.* from plain", "grant insert on {db}.* to plain")]
    [InlineData("the account is locked", "alter user plain account lock", "alter user plain account unlock")]
    [InlineData(
        "the binlog cannot hold it",
        "set global binlog_format = statement",
        "set global binlog_format = mixed"
    )]
    public async Task AServerThatTakesNoCommitStopsNoSilo(string state, string apply, string undo)
    {
        var committer = await StartAsync();
        await ExecuteAsync(apply);
        await ReconnectAsync();
        var token = new ActivationToken();
        var refused = await committer.SendAllAsync(
            Commits.Join(Commits.Group(1), 1, token),
            Commits.Join(Commits.Group(2), 1)
        );

        Assert.All(refused, r => Assert.True(r.Status == CommitStatus.Unavailable, $"{state}: {r.Status}"));
        Assert.True(token.IsPoisoned);
        Assert.Null(committer.TryReserve(Commits.Group(1).Shard));
        Assert.False(committer.Fenced.IsCompleted);

        await ExecuteAsync(undo);
        await ReconnectAsync();
        await Eventually.TrueAsync(() => Reserves(committer), "the lane takes commits again");
        Assert.Equal(CommitStatus.Committed, (await committer.SendAsync(Commits.Join(Commits.Group(1), 1))).Status);
        Assert.Equal(1, await _store.NumberAsync("select count(*) from journal"));
        Assert.False(committer.Fenced.IsCompleted);
    }

    [Fact]
    public async Task ADatabaseThatIsAwayForLongIsToldEarly()
    {
        var committer = await StartAsync();
        _store.Proxy.Refuse(true);
        // The idle lane notices by itself: a commit sent over a connection that is gone would have an unknown outcome.
        await ReconnectAsync();
        Assert.Equal(CommitStatus.Unavailable, (await committer.SendAsync(Commits.Join(Commits.Group(1), 1))).Status);
        Assert.Null(committer.TryReserve(Commits.Group(1).Shard));
        _store.Proxy.Refuse(false);
        await Eventually.TrueAsync(() => Reserves(committer), "the lane takes commits again");
        Assert.Equal(CommitStatus.Committed, (await committer.SendAsync(Commits.Join(Commits.Group(1), 1))).Status);
    }

    [Fact]
    public async Task ARefusalSaysNothingOfAnEarlierTryWithoutAnAnswer()
    {
        var committer = await StartAsync();
        using var retries = new Retries(committer);
        var cut = _store.Proxy.Cut(FaultPoint.AtAnswer, Transaction);
        var again = _store.Proxy.Hold(p => cut.Hit.IsCompleted && p.Contains(Transaction));
        var sending = committer.SendAsync(Commits.Join(Commits.Group(1), 1));
        await again.Hit.WaitAsync(Eventually.Bound);
        await ExecuteAsync("set global read_only = 1");
        again.Release();

        await Eventually.TrueAsync(
            () => retries["refused"] > 4 && !Reserves(committer),
            "the repetition is refused past all patience"
        );
        Assert.False(sending.IsCompleted);
        await ExecuteAsync("set global read_only = 0");
        Assert.Equal(CommitStatus.Committed, (await sending).Status);
        Assert.Equal(1, await _store.NumberAsync("select count(*) from journal"));
        await Eventually.TrueAsync(() => Reserves(committer), "the lane takes commits again");
        Assert.False(committer.Fenced.IsCompleted);
    }

    [Fact]
    public async Task ALimitThatShrinksWhileRunningRefusesOnlyWhatIsLarger()
    {
        var committer = await StartAsync();
        await ExecuteAsync("set global max_allowed_packet = 8192");
        await ReconnectAsync();
        var large = Commits.Group(1);
        var events = Enumerable.Range(1, 100).Select(n => Commits.Event(n)).ToList();
        var results = await committer.SendAllAsync(
            new Commit
            {
                Id = Commits.NewId(),
                Shard = large.Shard,
                Token = new(),
                Actor = large.Actor,
                Events = events,
            },
            Commits.Join(Commits.Group(2), 1)
        );

        Assert.Equal([CommitStatus.Unavailable, CommitStatus.Committed], results.Select(r => r.Status));
        Assert.True(Reserves(committer));
        Assert.False(committer.Fenced.IsCompleted);
    }

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(
            Environment.GetEnvironmentVariable(MariaDbServer.ExistingServerVariable) is not null,
            "A server that is not ours is not set otherwise."
        );
        _server = await MariaDbServer.StartAsync();
        await _server.ExecuteAsync(null, $"create user {User}@'%' identified by '{User}'");
        _store = (MySqlUnderTest)await MySqlUnderTest.CreateAsync(_server, User);
        await ExecuteAsync($"grant select, insert, update, delete on {{db}}.* to {User}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
            await _store.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    private Task<Committer> StartAsync() =>
        _store.StartAsync(o =>
            (o.Lanes, o.RefusalTimeout, o.UnknownOutcomesMax) = (1, TimeSpan.FromMilliseconds(300), 2)
        );

    private Task ExecuteAsync(string sql) =>
        _server.ExecuteAsync(_store.Name, sql.Replace("{db}", _store.Name, StringComparison.Ordinal));

    /// <summary>Rights and some settings hold from the next connection on.</summary>
    private async Task ReconnectAsync()
    {
        var accepted = _store.Proxy.Accepted;
        _store.Proxy.CutAll();
        await Eventually.TrueAsync(
            () => _store.Proxy.Accepted > accepted,
            "the idle lane connects anew to confirm its fence"
        );
    }

    private static bool Reserves(Committer committer)
    {
        using var reservation = committer.TryReserve(Commits.Group(1).Shard);
        return reservation is not null;
    }
}
