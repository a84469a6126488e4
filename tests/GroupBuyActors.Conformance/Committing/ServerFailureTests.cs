using GroupBuyActors.Committing;
using GroupBuyActors.Conformance.Databases;
using GroupBuyActors.Store.Committing.MySql;
using GroupBuyActors.Testing;

namespace GroupBuyActors.Conformance.Committing;

/// <summary>Lost answers, locks and faults of rows: what can happen only between a silo and a server.</summary>
public sealed class ServerFailureTests(MariaDb mariaDb) : IAsyncLifetime
{
    /// <summary>Found in every transaction of a lane, and in nothing else that it sends.</summary>
    private const string Transaction = "insert into journal";

    private MySqlUnderTest _store = null!;

    [Theory]
    [InlineData(FaultPoint.BeforeForwarding)]
    [InlineData(FaultPoint.AfterForwarding)]
    [InlineData(FaultPoint.AtAnswer)]
    public async Task AnUnknownOutcomeEndsInOneRowAndTheRightAnswer(FaultPoint point)
    {
        var committer = await _store.StartAsync(o => o.Lanes = 1);
        using var retries = new Retries(committer);
        var cut = _store.Proxy.Cut(point, Transaction);
        var commit = Commits.Join(Commits.Group(1), 1);
        var result = await committer.SendAsync(commit);

        await cut.Hit;
        Assert.Equal((CommitStatus.Committed, 1L), (result.Status, result.At.Position));
        Assert.Equal(1, await _store.NumberAsync("select count(*) from journal"));
        Assert.True(retries["unknown"] >= 1);
        Assert.Equal(2, (await committer.SendAsync(Commits.Join(Commits.Group(1), 2, commit.Token))).At.Position);
    }

    [Theory]
    [InlineData(FaultPoint.BeforeForwarding)]
    [InlineData(FaultPoint.AfterForwarding)]
    [InlineData(FaultPoint.AtAnswer)]
    public async Task AnUnknownOutcomeOfACommitWithoutAGroupLandsOnce(FaultPoint point)
    {
        var committer = await _store.StartAsync(o => o.Lanes = 1);
        _store.Proxy.Cut(point, Transaction);
        var run = Commits.Run(Commits.Group(1), 1);
        var result = await committer.SendAsync(Commits.Task(run, schedules: [Commits.OrderClose(Commits.Group(1), 2)]));

        Assert.Equal(CommitStatus.Committed, result.Status);
        Assert.Equal(1, await _store.NumberAsync("select count(*) from journal"));
        Assert.Equal(1, await _store.NumberAsync("select count(*) from task_run"));
        Assert.Equal(CommitStatus.Stale, (await committer.SendAsync(Commits.Task(run))).Status);
    }

    [Theory]
    [InlineData(FaultPoint.BeforeForwarding)]
    [InlineData(FaultPoint.AfterForwarding)]
    [InlineData(FaultPoint.AtAnswer)]
    public async Task AnUnknownOutcomeLeavesOneEnding(FaultPoint point)
    {
        var committer = await _store.StartAsync(o => o.Lanes = 1);
        var group = Commits.Group(1);
        await committer.SendAsync(Commits.Task(Commits.Run(group, 2), schedules: [Commits.OrderClose(group, 1)]));
        _store.Proxy.Cut(point, Transaction);
        var result = await committer.SendAsync(
            Commits.Task(
                Commits.Run(group, 1),
                removals: [Commits.OrderClose(group, 1).Key],
                outcomes: [Commits.Ending(group, 1)]
            )
        );

        Assert.Equal(CommitStatus.Committed, result.Status);
        Assert.Equal(1, await _store.NumberAsync("select count(*) from task_outcome"));
        Assert.Equal(0, await _store.NumberAsync("select count(*) from timed_task"));
    }

    [Fact]
    public async Task AnEndingThatIsTooLongIsRefusedAndNotCut()
    {
        var committer = await _store.StartAsync(o => o.Lanes = 1);
        Task<CommitResult[]> all;
        await using (await _store.HoldCommitsAsync(committer))
            all = committer.SendAllAsync(
                Commits.Join(Commits.Group(1), 1),
                Commits.Task(
                    Commits.Run(Commits.Group(2), 1),
                    outcomes: [Commits.Ending(Commits.Group(2), 1, error: new string('x', 501))]
                ),
                Commits.Task(
                    Commits.Run(Commits.Group(3), 1),
                    outcomes: [Commits.Ending(Commits.Group(3), 1, error: new string('汉', 500))]
                )
            );

        Assert.Equal(
            [CommitStatus.Committed, CommitStatus.Stale, CommitStatus.Committed],
            (await all).Select(r => r.Status)
        );
        Assert.Equal(1, await _store.NumberAsync("select count(*) from task_outcome where char_length(error) = 500"));
        Assert.Equal(1, await _store.NumberAsync("select count(*) from task_outcome"));
    }

    [Fact]
    public async Task EndingsOfRivalLanesDoNotDeadlockWhilePartitionsComeAndGo()
    {
        var rivals = new[] { await _store.StartAsync(o => o.Lanes = 2), await _store.StartAsync(o => o.Lanes = 2) };
        using var first = new Retries(rivals[0]);
        using var second = new Retries(rivals[1]);
        var day = DateOnly.FromDateTime(Commits.Evening.UtcDateTime);
        var commits = Enumerable
            .Range(0, 32)
            .Select(worker =>
                Task.Run(async () =>
                {
                    for (var i = 1; i <= 15; i++)
                    {
                        // All write the same endings, some forwards, some backwards: who is second leaves them as they
                        // are.
                        var outcomes = Enumerable
                            .Range(0, 20)
                            .Select(n =>
                                Commits.Ending(Commits.Group(n), i) with
                                {
                                    EndedAt = Commits.Evening.AddDays(n % 4),
                                }
                            );
                        var commit = Commits.Task(
                            Commits.Run(Commits.Group(worker), i),
                            outcomes: [.. worker % 2 == 0 ? outcomes : outcomes.Reverse()]
                        );
                        Assert.Equal(CommitStatus.Committed, (await rivals[worker / 2 % 2].SendAsync(commit)).Status);
                    }
                })
            )
            .ToList();
        for (var ahead = 0; ahead < 4; ahead++)
            await _store.Outcomes.MaintainAsync(day, 30, ahead, ["refund", "payment-check"], CancellationToken.None);
        await Task.WhenAll(commits);

        Assert.Equal(15 * 20, await _store.NumberAsync("select count(*) from task_outcome"));
        Assert.Equal((0, 0), (first["deadlock"], second["deadlock"]));
    }

    [Fact]
    public async Task WhatWasRefusedStaysRefusedWhenTheAnswerWasLost()
    {
        var committer = await _store.StartAsync(o => o.Lanes = 1);
        var group = Commits.Group(1);
        await committer.SendAsync(Commits.Join(group, 1));
        _store.Proxy.Cut(FaultPoint.AfterForwarding, Transaction);
        Task<CommitResult[]> all;
        await using (await _store.HoldCommitsAsync(committer))
            all = committer.SendAllAsync(
                Commits.Join(Commits.Group(2), 1),
                Commits.Join(group, 1, statusSequence: 5),
                Commits.Join(Commits.Group(3), 1)
            );

        Assert.Equal(
            [CommitStatus.Committed, CommitStatus.Stale, CommitStatus.Committed],
            (await all).Select(r => r.Status)
        );
        Assert.Equal(3, await _store.NumberAsync("select count(*) from journal"));
    }

    [Fact]
    public async Task AFrozenNetworkIsAnUnknownOutcomeToo()
    {
        var committer = await _store.StartAsync(o => (o.Lanes, o.CommandTimeout) = (1, TimeSpan.FromSeconds(1)));
        using var retries = new Retries(committer);
        _store.Proxy.Freeze();
        var sending = committer.SendAsync(Commits.Join(Commits.Group(1), 1));
        await Eventually.TrueAsync(
            () => retries["unknown"] + retries["unreachable"] > 0,
            "a try ends without an answer"
        );
        _store.Proxy.Resume();

        Assert.Equal(CommitStatus.Committed, (await sending).Status);
        Assert.Equal(1, await _store.NumberAsync("select count(*) from journal"));
    }

    [Fact]
    public async Task ADatabaseThatIsAwayForAMomentIsWaitedFor()
    {
        var committer = await _store.StartAsync(o =>
            (o.Lanes, o.UnknownOutcomesMax, o.RefusalTimeout) = (1, 2, TimeSpan.FromMinutes(1))
        );
        using var retries = new Retries(committer);
        _store.Proxy.Refuse(true);
        _store.Proxy.CutAll();
        var sending = committer.SendAsync(Commits.Join(Commits.Group(1), 1));
        await Eventually.TrueAsync(() => retries["unreachable"] > 3, "the lane tries to connect again and again");
        Assert.False(committer.Fenced.IsCompleted);
        _store.Proxy.Refuse(false);
        Assert.Equal(CommitStatus.Committed, (await sending).Status);
    }

    [Theory]
    [InlineData(FaultPoint.BeforeForwarding, false)]
    [InlineData(FaultPoint.AtAnswer, true)]
    public async Task ALaneWithoutAnswersFencesItsStreamAndTellsTheTruth(FaultPoint point, bool isThere)
    {
        var committer = await _store.StartAsync(o => (o.Lanes, o.UnknownOutcomesMax) = (1, 3));
        for (var i = 0; i < 3; i++)
            _store.Proxy.Cut(point, Transaction);
        var result = await committer.SendAsync(Commits.Join(Commits.Group(1), 1));

        Assert.Equal(isThere ? CommitStatus.Committed : CommitStatus.Unavailable, result.Status);
        Assert.Contains("stayed unknown", await committer.Fenced.WaitAsync(Eventually.Bound));
        Assert.Equal(isThere ? 1 : 0, await _store.NumberAsync("select count(*) from journal"));
        Assert.Equal(2, await _store.NumberAsync($"select state from stream where id = {committer.Streams[0]}"));
        Assert.Null(committer.TryReserve(Commits.Group(1).Shard));
    }

    [Theory]
    [InlineData(FaultPoint.BeforeForwarding, false)]
    [InlineData(FaultPoint.AtAnswer, true)]
    public async Task ACommitInDoubtWhoseStreamIsFencedIsAnsweredByWhatIsThere(FaultPoint point, bool isThere)
    {
        var committer = await _store.StartAsync(o => o.Lanes = 1);
        var cut = _store.Proxy.Cut(point, Transaction);
        var again = _store.Proxy.Hold(p => cut.IsHit && p.Contains(Transaction));
        var token = new ActivationToken();
        var sending = committer.SendAsync(Commits.Join(Commits.Group(1), 1, token));
        var behind = committer.SendAsync(Commits.Join(Commits.Group(2), 1));
        await again.Hit.WaitAsync(Eventually.Bound);
        await _store.Streams.FenceAsync(committer.Streams, CancellationToken.None);
        again.Release();

        Assert.Equal(isThere ? CommitStatus.Committed : CommitStatus.Unavailable, (await sending).Status);
        Assert.Contains("fenced", await committer.Fenced.WaitAsync(Eventually.Bound));
        Assert.False(token.IsPoisoned);
        Assert.Equal(
            isThere ? 1 : 0,
            await _store.NumberAsync($"select count(*) from journal where actor_id = '{Commits.Group(1).Actor}'")
        );
        await behind;
    }

    [Fact]
    public async Task ARowThatTheTableCannotTakeRefusesItsCommitAlone()
    {
        var committer = await _store.StartAsync(o => o.Lanes = 1);
        Task<CommitResult[]> all;
        await using (await _store.HoldCommitsAsync(committer))
            all = committer.SendAllAsync(
                Commits.Join(Commits.Group(1), 1),
                Commits.Join(Commits.Group(2), 1, type: new string('x', 41)),
                Commits.Join(Commits.Group(3), 1)
            );

        Assert.Equal(
            [CommitStatus.Committed, CommitStatus.Stale, CommitStatus.Committed],
            (await all).Select(r => r.Status)
        );
        Assert.Equal(
            0,
            await _store.NumberAsync($"select count(*) from timed_task where id like '{Commits.Group(2).Actor}:%'")
        );
        Assert.Equal(2, await _store.NumberAsync("select max(position) from journal"));
    }

    [Fact]
    public async Task OnlyTheCommitThatMeetsALockWaits()
    {
        var committer = await _store.StartAsync(o => o.Lanes = 1);
        using var retries = new Retries(committer);
        var (group, token) = (Commits.Group(1), new ActivationToken());
        await committer.SendAsync(Commits.Join(group, 1, token));
        Task<CommitResult[]> blocked;
        await using (var other = await _store.OpenAsync())
        {
            await MySqlUnderTest.RunAsync(other, "begin; select * from timed_task for update");
            blocked = committer.SendAllAsync(
                Commits.Join(group, 2, token, removals: [Commits.OrderClose(group, 1).Key]),
                Commits.Join(group, 3, token)
            );
            await Eventually.TrueAsync(() => retries["lock_wait"] > 0, "a transaction gives up waiting for the lock");
            Assert.Equal(CommitStatus.Committed, (await committer.SendAsync(Commits.Join(Commits.Group(2), 1))).Status);
            Assert.False(blocked.IsCompleted);
        }

        Assert.All(await blocked, r => Assert.Equal(CommitStatus.Committed, r.Status));
        Assert.Equal(
            ["1", "2", "3"],
            (await OrderOfAsync(group)).Select(s => s.ToString(System.Globalization.CultureInfo.InvariantCulture))
        );
        Assert.Equal(0, retries["deadlock"]);
    }

    [Fact]
    public async Task TheVictimOfADeadlockIsSentAgain()
    {
        var committer = await _store.StartAsync(o => o.Lanes = 1);
        using var retries = new Retries(committer);
        var group = Commits.Group(1);
        await committer.SendAsync(Commits.Join(group, 1));
        await using var other = await _store.OpenAsync();
        // It has written much more than the lane, so that the lane is chosen as the victim.
        await MySqlUnderTest.RunAsync(
            other,
            "begin; insert into audit_log(time_ms,caller,action,target) values "
                + string.Join(',', Enumerable.Repeat("(1,'a','b','c')", 200))
        );
        await MySqlUnderTest.RunAsync(other, "select * from timed_task for update");
        var sending = committer.SendAsync(Commits.Join(group, 2, removals: [Commits.OrderClose(group, 1).Key]));
        await Eventually.TrueAsync(
            async () =>
                await _store.NumberAsync(
                    "select count(*) from information_schema.innodb_trx where trx_state = 'LOCK WAIT'"
                ) > 0,
            "the lane waits"
        );
        await MySqlUnderTest.RunAsync(
            other,
            $"""
            update stream set silo_slot = silo_slot where id = {committer.Streams[0]}; update stream
              set silo_slot = 'x' where id = {committer.Streams[0]}; rollback
            """
        );

        Assert.Equal(CommitStatus.Committed, (await sending).Status);
        Assert.Equal(1, retries["deadlock"]);
    }

    [Fact]
    public async Task LanesUnderLoadOnSmallTablesDoNotDeadlock()
    {
        var committers = new[] { await _store.StartAsync(o => o.Lanes = 2), await _store.StartAsync(o => o.Lanes = 2) };
        using var first = new Retries(committers[0]);
        using var second = new Retries(committers[1]);
        await Task.WhenAll(
            Enumerable
                .Range(0, 64)
                .Select(worker =>
                    Task.Run(async () =>
                    {
                        var (group, token) = (Commits.Group(worker), new ActivationToken());
                        for (var i = 1; i <= 15; i++)
                        {
                            // Each deletes the task of the one before: the table stays as small as the workers are
                            // many.
                            var removals = i == 1 ? null : new[] { Commits.OrderClose(group, i - 1).Key };
                            Assert.Equal(
                                CommitStatus.Committed,
                                (
                                    await committers[worker % 2]
                                        .SendAsync(Commits.Join(group, i, token, removals: removals))
                                ).Status
                            );
                        }
                    })
                )
        );
        Assert.Equal(64, await _store.NumberAsync("select count(*) from timed_task"));
        Assert.Equal((0, 0, 0, 0), (first["deadlock"], second["deadlock"], first["lock_wait"], second["lock_wait"]));
    }

    [Fact]
    public async Task RivalsForTheSameSequencesWaitInOneOrder()
    {
        var rivals = new[] { await _store.StartAsync(o => o.Lanes = 1), await _store.StartAsync(o => o.Lanes = 1) };
        using var first = new Retries(rivals[0]);
        using var second = new Retries(rivals[1]);
        for (var round = 1; round <= 10; round++)
        {
            // One sends the groups forwards, the other backwards.
            var both = await Task.WhenAll(
                rivals[0].SendAllAsync(Enumerable.Range(1, 40).Select(g => Commits.Join(Commits.Group(g), round))),
                rivals[1]
                    .SendAllAsync(Enumerable.Range(1, 40).Reverse().Select(g => Commits.Join(Commits.Group(g), round)))
            );
            for (var g = 0; g < 40; g++)
                Assert.Single(new[] { both[0][g].Status, both[1][39 - g].Status }, CommitStatus.Committed);
        }
        Assert.Equal((0, 0), (first["deadlock"], second["deadlock"]));
    }

    [Fact]
    public void EverySessionOfALaneReadsCommitted()
    {
        var session = new MySqlSession(mariaDb.Server.ConnectionString(null), TimeSpan.FromSeconds(3));
        for (var i = 0; i < 2; i++)
        {
            Assert.True(
                session.TryRead(
                    """
                    show session variables where variable_name in ('tx_isolation', 'transaction_isolation',
                      'wait_timeout')
                    """,
                    r => r.GetString(1),
                    out var values
                )
            );
            Assert.Equal(["2", "READ-COMMITTED"], values.Distinct().Order());
            session.Discard();
        }
    }

    [Fact]
    public async Task AFrozenSiloHoldsNoLockForLong()
    {
        var committer = await _store.StartAsync(o => o.Lanes = 1);
        var group = Commits.Group(1);
        await committer.SendAsync(Commits.Join(group, 1));
        // The second transaction fails in the middle and leaves its locks on an open transaction; the answer never
        // comes back.
        _store.Proxy.Cut(FaultPoint.AfterForwarding, Transaction);
        _store.Proxy.Refuse(true);
        var sending = committer.SendAsync(Commits.Join(group, 2, statusSequence: 1));
        await _store.Streams.FenceAsync(committer.Streams, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(6));
        _store.Proxy.Refuse(false);
        Assert.Equal(CommitStatus.Unavailable, (await sending).Status);
        Assert.Equal(1, await _store.NumberAsync("select count(*) from journal"));
    }

    [Fact]
    public async Task FencingWaitsForWhatIsInFlightAndSeesIt()
    {
        var committer = await _store.StartAsync(o => o.Lanes = 1);
        var group = Commits.Group(1);
        await committer.SendAsync(Commits.Join(group, 1));
        Task fencing;
        Task<CommitResult> inFlight;
        await using (var other = await _store.OpenAsync())
        {
            await MySqlUnderTest.RunAsync(other, "begin; select * from timed_task for update");
            inFlight = committer.SendAsync(Commits.Join(group, 2, removals: [Commits.OrderClose(group, 1).Key]));
            await Eventually.TrueAsync(async () => await WaitingAsync() == 1, "the commit waits in its middle");
            fencing = _store.Streams.FenceAsync(committer.Streams, CancellationToken.None);
            await Eventually.TrueAsync(async () => await WaitingAsync() == 2, "the fence waits for the commit");
            Assert.False(fencing.IsCompleted);
        }
        await fencing.WaitAsync(Eventually.Bound);
        Assert.Equal(
            2,
            await _store.NumberAsync($"select max(sequence) from journal where actor_id = '{group.Actor}'")
        );
        Assert.Equal(CommitStatus.Committed, (await inFlight).Status);
        Assert.Equal(CommitStatus.Unavailable, (await committer.SendAsync(Commits.Join(group, 3))).Status);
    }

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() =>
        _store = (MySqlUnderTest)await MySqlUnderTest.CreateAsync(mariaDb.Server);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private Task<long> WaitingAsync() =>
        _store.NumberAsync(
            """
            select count(*) from information_schema.innodb_trx t
              join information_schema.processlist p on p.id = t.trx_mysql_thread_id
              where t.trx_state = 'LOCK WAIT' and p.db = database()
            """
        );

    private async Task<IReadOnlyList<long>> OrderOfAsync(GroupId group) =>
        await _store.Database.ReadAsync(
            (session, ct) =>
                session.ListAsync(
                    $"select sequence from journal where actor_id = {group.Actor} order by stream, position",
                    r => r.GetInt64(0),
                    ct
                ),
            CancellationToken.None
        );
}
