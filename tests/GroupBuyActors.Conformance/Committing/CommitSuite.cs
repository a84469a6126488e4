using GroupBuyActors.Committing;
using GroupBuyActors.Conformance.Databases;
using GroupBuyActors.Groups;
using GroupBuyActors.Store.Committing;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Conformance.Committing;

/// <summary>What a committer promises on every database; numbers are those of the traps.</summary>
public abstract class CommitSuite : IAsyncLifetime
{
    private StoreUnderTest _store = null!;
    private long _holders;

    [Fact]
    public async Task ACommitIsStoredWhole()
    {
        var committer = await _store.StartAsync();
        var group = Commits.Group(1);
        var result = await committer.SendAsync(Commits.Join(group, 1));

        Assert.Equal(CommitStatus.Committed, result.Status);
        Assert.Equal(1, result.At.Position);
        Assert.Contains(result.At.Stream, committer.Streams);
        var row = Assert.Single(await _store.Streams.ReadAsync(result.At.Stream, 0, 10, CancellationToken.None));
        Assert.Equal((group.Actor, 1L, "order.placed"), (row.Actor!.Value, row.Sequence, row.Type));
        Assert.Equal(Commits.Event(1).Payload.ToArray(), row.Payload);
        Assert.Equal(1, await _store.NumberAsync("select count(*) from timed_task"));
        Assert.Equal(1, await _store.NumberAsync("select count(*) from order_status where status = 'PENDING_PAYMENT'"));
    }

    [Fact]
    public async Task ATaskThatIsMovedWhileSomebodyPagesThroughAListIsInIt()
    {
        var committer = await _store.StartAsync();
        var group = Commits.Group(1);
        for (var n = 1; n <= 3; n++)
            await committer.SendAsync(Commits.Join(group, n));
        var first = await _store.Tasks.ListAsync(new TaskFilter(), null, 1, CancellationToken.None);
        var moved = Commits.OrderClose(group, 1);
        await committer.SendAsync(
            Commits.Task(
                Commits.Run(group, 1),
                removals: [moved.Key],
                schedules:
                [
                    moved with
                    {
                        Key = moved.Key with { Due = moved.Key.Due.AddDays(1) },
                        NextAt = moved.Key.Due.AddDays(1),
                        Version = 2,
                    },
                ]
            )
        );

        var ids = first.Items.Select(task => task.Key.Id).ToList();
        for (var next = first.Next; next is not null; )
        {
            var page = await _store.Tasks.ListAsync(new TaskFilter(), next, 1, CancellationToken.None);
            ids.AddRange(page.Items.Select(task => task.Key.Id));
            next = page.Next;
        }

        Assert.Equal([3L, 2, 1], ids.Select(id => long.Parse(id.Split(':')[^3])));
    }

    [Fact]
    public async Task AnOrdersHistoryIsStoredWithItsStatus()
    {
        var committer = await _store.StartAsync(o => o.Lanes = 1);
        var group = Commits.Group(1);
        var placed = Commits.Status(group, 1);
        var issued = placed with
        {
            Sequence = 2,
            Order = placed.Order with
            {
                Status = OrderStatus.VoucherIssued,
                PaidAt = Commits.Evening.AddMinutes(1),
                VoucherCode = new VoucherCode(placed.Order.OrderId, "k3v9x2m8q4w7z1p6c5b0n4r8t2"),
                VoucherTail = "r8t2",
                VoucherValidUntil = Commits.Evening.AddDays(30),
            },
        };
        var closed = Commits.Status(group, 3) with
        {
            Order = Commits.Status(group, 3).Order with
            {
                Status = OrderStatus.Closed,
                CloseReason = CloseReason.Cancelled,
            },
        };
        await committer.SendAsync(
            new Commit
            {
                Id = Commits.NewId(),
                Shard = group.Shard,
                Token = new(),
                Actor = group.Actor,
                Events = [Commits.Event(1), Commits.Event(2), Commits.Event(3)],
                Rows = [closed, issued, placed],
            }
        );

        Assert.Equal(
            1,
            await _store.NumberAsync(
                """
                select count(*) from order_status_log where status = 'PENDING_PAYMENT' and paid_ms is null
                  and close_reason is null and sequence = 1
                """
            )
        );
        Assert.Equal(
            1,
            await _store.NumberAsync(
                $"""
                select count(*) from order_status where status = 'VOUCHER_ISSUED' and voucher_tail = 'r8t2'
                  and paid_ms - placed_ms = 60000 and redeemed_ms is null
                """
            )
        );
        Assert.Equal(
            1,
            await _store.NumberAsync(
                "select count(*) from order_status where status = 'CLOSED' and close_reason = 'cancelled'"
            )
        );
    }

    [Fact]
    public async Task AnErrorInALaterStatementLeavesNothingBehind()
    {
        var committer = await _store.StartAsync();
        var group = Commits.Group(1);
        await committer.SendAsync(Commits.Join(group, 1));

        // Its journal and task rows can be written; its status row is there already.
        var refused = await committer.SendAsync(Commits.Join(group, 2, statusSequence: 1));
        Assert.Equal(CommitStatus.Stale, refused.Status);
        Assert.Equal(CommitStatus.Committed, (await committer.SendAsync(Commits.Join(Commits.Group(2), 1))).Status);

        Assert.Equal(1, await _store.NumberAsync($"select count(*) from journal where actor_id = '{group.Actor}'"));
        Assert.Equal(2, await _store.NumberAsync("select count(*) from timed_task"));
    }

    [Theory]
    [InlineData(512)]
    [InlineData(1)]
    public async Task ARefusedCommitTakesItsActivationsLaterOnesAlongAndNobodyElses(int batchCommitsMax)
    {
        var committer = await _store.StartAsync(o => (o.BatchCommitsMax, o.Lanes) = (batchCommitsMax, 1));
        var group = Commits.Group(1);
        await committer.SendAsync(Commits.Join(group, 10));
        var stale = new ActivationToken();
        var fresh = new ActivationToken();

        Task<CommitResult[]> all;
        await using (await HoldWithOneUnderWayAsync(committer))
            all = committer.SendAllAsync(
                Commits.Join(group, 10, stale, statusSequence: 110),
                Commits.Join(group, 11, stale),
                Commits.Join(group, 12, stale),
                Commits.Join(Commits.Group(2), 1, fresh),
                Commits.Join(Commits.Group(2), 2, fresh)
            );

        Assert.Equal(
            [
                CommitStatus.Stale,
                CommitStatus.Stale,
                CommitStatus.Stale,
                CommitStatus.Committed,
                CommitStatus.Committed,
            ],
            (await all).Select(r => r.Status)
        );
        Assert.True(stale.IsPoisoned);
        Assert.False(fresh.IsPoisoned);
        Assert.Equal(CommitStatus.Stale, (await committer.SendAsync(Commits.Join(group, 11, stale))).Status);
        Assert.Equal(
            10,
            await _store.NumberAsync($"select max(sequence) from journal where actor_id = '{group.Actor}'")
        );
        await AssertGapFreeAsync(committer);
    }

    [Fact]
    public async Task OfTwoActivationsInOneBatchTheFirstWins()
    {
        var committer = await _store.StartAsync(o => o.Lanes = 1);
        var group = Commits.Group(1);
        var (a, b) = (new ActivationToken(), new ActivationToken());
        Task<CommitResult[]> all;
        await using (await HoldWithOneUnderWayAsync(committer))
            all = committer.SendAllAsync(
                Commits.Join(group, 1, a),
                Commits.Join(group, 2, a),
                Commits.Join(group, 1, b),
                Commits.Join(Commits.Group(2), 1)
            );

        Assert.Equal(
            [CommitStatus.Committed, CommitStatus.Committed, CommitStatus.Stale, CommitStatus.Committed],
            (await all).Select(r => r.Status)
        );
        await AssertGapFreeAsync(committer);
    }

    [Fact]
    public async Task ACommitWithoutEventsStaysBehindWhatItsActivationDecidedBefore()
    {
        var committer = await _store.StartAsync(o => o.Lanes = 1);
        var group = Commits.Group(1);
        await committer.SendAsync(Commits.Join(group, 1));
        var stale = new ActivationToken();
        Task<CommitResult[]> all;
        await using (await HoldWithOneUnderWayAsync(committer))
            all = committer.SendAllAsync(
                Commits.Join(group, 1, stale, statusSequence: 8),
                Commits.Task(Commits.Run(group, 1), stale),
                Commits.Join(Commits.Group(2), 2, statusSequence: 2)
            );

        Assert.Equal(
            [CommitStatus.Stale, CommitStatus.Stale, CommitStatus.Committed],
            (await all).Select(r => r.Status)
        );
        Assert.Equal(0, await _store.NumberAsync("select count(*) from task_run"));
    }

    [Fact]
    public async Task ARunIsDoneOnceAndLeavesItsCommitInTheStream()
    {
        var committer = await _store.StartAsync(o => o.Lanes = 1);
        var run = Commits.Run(Commits.Group(1), 1);
        var first = Commits.Task(run);
        var result = await committer.SendAsync(first);
        var row = Assert.Single(
            await _store.Streams.ReadAsync(result.At.Stream, result.At.Position - 1, 1, CancellationToken.None)
        );
        Assert.Equal(first.Id, row.CommitId);
        Assert.Null(row.Actor);

        Task<CommitResult[]> all;
        var other = Commits.Run(Commits.Group(2), 1);
        await using (await HoldWithOneUnderWayAsync(committer))
            all = committer.SendAllAsync(
                Commits.Task(run, schedules: [Commits.OrderClose(Commits.Group(1), 77)]),
                Commits.Task(other),
                Commits.Task(other)
            );

        Assert.Equal(
            [CommitStatus.Stale, CommitStatus.Committed, CommitStatus.Stale],
            (await all).Select(r => r.Status)
        );
        Assert.Equal(0, await _store.NumberAsync("select count(*) from timed_task where id like '%:77:order-close:0'"));
    }

    [Fact]
    public async Task ACommitThatIsTooLargeIsRefusedBeforeItIsTaken()
    {
        var committer = await _store.StartAsync(o => o.BatchBytesMax = 10_000);
        Assert.Equal(10_000, committer.CommitBytesMax);
        var group = Commits.Group(1);
        var commit = new Commit
        {
            Id = Commits.NewId(),
            Shard = group.Shard,
            Token = new(),
            Actor = group.Actor,
            Events = [Commits.Event(1) with { Payload = new byte[10_000] }],
        };
        var reservation = committer.TryReserve(group.Shard)!;

        Assert.Throws<CommitTooLargeException>(() =>
        {
            _ = committer.CommitAsync(reservation, commit);
        });
        Assert.Equal(CommitStatus.Committed, (await committer.CommitAsync(reservation, Commits.Join(group, 1))).Status);
        Assert.False(commit.Token.IsPoisoned);
    }

    [Fact]
    public async Task ADuplicateThatIsNotTheJournalsRefusesOneCommit()
    {
        var committer = await _store.StartAsync(o => o.Lanes = 1);
        await committer.SendAsync(Commits.Join(Commits.Group(2), 1));
        Task<CommitResult[]> all;
        await using (await HoldWithOneUnderWayAsync(committer))
            all = committer.SendAllAsync(
                Commits.Join(Commits.Group(1), 1),
                Commits.Join(Commits.Group(2), 2, statusSequence: 1),
                Commits.Join(Commits.Group(3), 1)
            );

        Assert.Equal(
            [CommitStatus.Committed, CommitStatus.Stale, CommitStatus.Committed],
            (await all).Select(r => r.Status)
        );
        await AssertGapFreeAsync(committer);
    }

    [Fact]
    public async Task ATaskThatIsThereAlreadyIsLeftAsItIs()
    {
        var committer = await _store.StartAsync();
        var next = Commits.OrderClose(Commits.Group(1), 1);
        await committer.SendAsync(Commits.Task(Commits.Run(Commits.Group(2), 1), schedules: [next]));
        var again = await committer.SendAsync(
            Commits.Task(Commits.Run(Commits.Group(2), 2), schedules: [next with { Attempts = 9 }])
        );

        Assert.Equal(CommitStatus.Committed, again.Status);
        Assert.Equal(0, await _store.NumberAsync("select attempts from timed_task"));
    }

    [Fact]
    public async Task ATasksOwnWeightIsStoredAndChangedUnderItsVersion()
    {
        var committer = await _store.StartAsync();
        var (heavy, plain) = (
            Commits.OrderClose(Commits.Group(1), 1) with
            {
                Weight = -7,
            },
            Commits.OrderClose(Commits.Group(1), 2)
        );
        await committer.SendAsync(Commits.Task(Commits.Run(Commits.Group(2), 1), schedules: [heavy, plain]));
        Assert.Equal(-7, await _store.NumberAsync($"select weight from timed_task where id = '{heavy.Key.Id}'"));
        Assert.Equal(0, await _store.NumberAsync($"select weight from timed_task where id = '{plain.Key.Id}'"));

        await committer.SendAsync(
            Commits.Task(
                Commits.Run(Commits.Group(2), 2),
                updates: [heavy with { Weight = 1_000, Version = 2 }, plain with { Weight = 5, Version = 9 }]
            )
        );
        Assert.Equal(
            1_000,
            await _store.NumberAsync($"select weight from timed_task where id = '{heavy.Key.Id}' and version = 2")
        );
        Assert.Equal(
            0,
            await _store.NumberAsync($"select weight from timed_task where id = '{plain.Key.Id}' and version = 1")
        );
    }

    [Fact]
    public async Task WhenATaskWasFirstDueIsStoredAndStaysThroughItsTries()
    {
        var committer = await _store.StartAsync();
        var (moved, plain) = (
            Commits.OrderClose(Commits.Group(1), 1) with
            {
                FirstDue = Commits.Evening,
            },
            Commits.OrderClose(Commits.Group(1), 2)
        );
        await committer.SendAsync(Commits.Task(Commits.Run(Commits.Group(2), 1), schedules: [moved, plain]));
        await committer.SendAsync(
            Commits.Task(Commits.Run(Commits.Group(2), 2), updates: [moved with { Attempts = 1, Version = 2 }])
        );
        Assert.Equal(
            Commits.Evening.ToUnixTimeMilliseconds(),
            await _store.NumberAsync($"select first_ms from timed_task where id = '{moved.Key.Id}' and version = 2")
        );
        Assert.Equal(
            1,
            await _store.NumberAsync(
                $"select count(*) from timed_task where id = '{plain.Key.Id}' and first_ms is null"
            )
        );
    }

    [Fact]
    public async Task AnEndingIsStoredWholeWithItsCommit()
    {
        var committer = await _store.StartAsync();
        var task = Commits.OrderClose(Commits.Group(1), 1) with
        {
            Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            Payload = new byte[] { 0xff, 0x27, 0x5c, 0 },
        };
        await committer.SendAsync(Commits.Task(Commits.Run(Commits.Group(1), 9), schedules: [task]));
        var end = TaskOutcome.Of(
            task with
            {
                Attempts = 10,
                Version = 10,
            },
            TaskOutcomeStatus.Dead,
            Commits.Evening.AddHours(4),
            "Zoë O'Hara \\ 汉字" + new string('é', 480)
        );
        var firing = end with
        {
            TaskId = TaskIds.Of("voucher-scan", task.Key.Shard, Commits.Evening),
            Type = "voucher-scan",
            Actor = null,
            Account = null,
            Trace = null,
            Error = null,
            Status = TaskOutcomeStatus.Success,
            Payload = default,
        };
        Assert.Equal(
            CommitStatus.Committed,
            (
                await committer.SendAsync(
                    Commits.Task(Commits.Run(Commits.Group(1), 1, 10), removals: [task.Key], outcomes: [end, firing])
                )
            ).Status
        );

        Assert.Equal(0, await _store.NumberAsync("select count(*) from timed_task"));
        var outcomes = await _store.Outcomes.SearchAsync(
            new TaskOutcomeFilter { Shard = task.Key.Shard },
            null,
            10,
            CancellationToken.None
        );
        Assert.Equal(2, outcomes.Items.Count);
        foreach (var expected in new[] { end, firing })
        {
            var found = Assert.Single(outcomes.Items, e => e.TaskId == expected.TaskId);
            Assert.Equal(expected.Payload.ToArray(), found.Payload.ToArray());
            Assert.Equal(expected with { Payload = default }, found with { Payload = default });
        }
        // 4 h after 20:00 is another day in UTC.
        Assert.Equal(
            TaskOutcome.DayOf(Commits.Evening) + 1,
            await _store.NumberAsync("select min(day) from task_outcome")
        );
    }

    [Fact]
    public async Task ARefusedCommitLeavesNoEnding()
    {
        var committer = await _store.StartAsync(o => o.Lanes = 1);
        var run = Commits.Run(Commits.Group(1), 1);
        await committer.SendAsync(Commits.Task(run));
        Task<CommitResult[]> all;
        await using (await HoldWithOneUnderWayAsync(committer))
            all = committer.SendAllAsync(
                Commits.Task(run, outcomes: [Commits.Ending(Commits.Group(1), 1)]),
                Commits.Task(Commits.Run(Commits.Group(2), 1), outcomes: [Commits.Ending(Commits.Group(2), 1)])
            );

        Assert.Equal([CommitStatus.Stale, CommitStatus.Committed], (await all).Select(r => r.Status));
        Assert.Null(
            await _store.Outcomes.FindAsync(Commits.Ending(Commits.Group(1), 1).TaskId, CancellationToken.None)
        );
        Assert.NotNull(
            await _store.Outcomes.FindAsync(Commits.Ending(Commits.Group(2), 1).TaskId, CancellationToken.None)
        );
    }

    [Fact]
    public async Task AnEndingThatIsThereAlreadyIsLeftAsItIs()
    {
        var committer = await _store.StartAsync();
        var end = Commits.Ending(Commits.Group(1), 1);
        await committer.SendAsync(Commits.Task(Commits.Run(Commits.Group(2), 1), outcomes: [end]));
        await _store.Outcomes.MarkRedrivenAsync([end.Key], Commits.Evening.AddHours(1), CancellationToken.None);
        var again = await committer.SendAsync(
            Commits.Task(
                Commits.Run(Commits.Group(2), 2),
                outcomes: [end with { Error = "another" }, end with { Version = 2 }]
            )
        );

        Assert.Equal(CommitStatus.Committed, again.Status);
        Assert.Equal(2, await _store.NumberAsync("select count(*) from task_outcome"));
        Assert.Equal(0, await _store.NumberAsync("select count(*) from task_outcome where error = 'another'"));
        Assert.Equal(1, await _store.NumberAsync("select count(*) from task_outcome where redriven_ms is not null"));
    }

    [Fact]
    public async Task EndingsThatAreNotMadeRoomForAreTakenOnAnyDay()
    {
        var committer = await _store.StartAsync();
        await _store.Outcomes.MaintainAsync(
            DateOnly.FromDateTime(Commits.Evening.UtcDateTime),
            30,
            2,
            [],
            CancellationToken.None
        );
        int[] days = [-400, -1, 0, 1, 2, 3, 400];
        var outcomes = days.Select(day =>
                Commits.Ending(Commits.Group(1), day + 1000) with
                {
                    EndedAt = Commits.Evening.AddDays(day),
                }
            )
            .ToList();
        Assert.Equal(
            CommitStatus.Committed,
            (await committer.SendAsync(Commits.Task(Commits.Run(Commits.Group(1), 1), outcomes: outcomes))).Status
        );
        Assert.Equal(days.Length, await _store.NumberAsync("select count(*) from task_outcome"));
    }

    [Fact]
    public void ACommitsEndingsCount()
    {
        var error = new string('汉', 500);
        var commit = Commits.Task(Commits.Run(Commits.Group(1), 1));
        var more = Commits.Task(
            Commits.Run(Commits.Group(1), 1),
            outcomes: [Commits.Ending(Commits.Group(1), 1, error: error) with { Payload = new byte[10_000] }]
        );
        Assert.InRange(CommitSize.Of(more) - CommitSize.Of(commit), 10_000 + 3 * error.Length, 20_000);
    }

    [Fact]
    public async Task TasksOfOneBatchEndAsIfTheirCommitsHadBeenWrittenOneByOne()
    {
        var committer = await _store.StartAsync(o => o.Lanes = 1);
        var (stays, goes, moves) = (
            Commits.OrderClose(Commits.Group(1), 1),
            Commits.OrderClose(Commits.Group(1), 2),
            Commits.OrderClose(Commits.Group(1), 3)
        );
        await committer.SendAsync(Commits.Task(Commits.Run(Commits.Group(2), 1), schedules: [stays, moves]));
        Task<CommitResult[]> all;
        await using (await HoldWithOneUnderWayAsync(committer))
            all = committer.SendAllAsync(
                // Scheduled, then removed: gone. Removed, then scheduled again: there.
                Commits.Task(Commits.Run(Commits.Group(2), 2), schedules: [goes]),
                Commits.Task(Commits.Run(Commits.Group(2), 3), removals: [goes.Key, stays.Key]),
                Commits.Task(Commits.Run(Commits.Group(2), 4), schedules: [stays]),
                // Two updates in a row both count; one that skips a version does not.
                Commits.Task(
                    Commits.Run(Commits.Group(2), 5),
                    updates: [moves with { Version = 2, Attempts = 1, LastError = "it's late" }]
                ),
                Commits.Task(
                    Commits.Run(Commits.Group(2), 6),
                    updates: [moves with { Version = 3, Attempts = 2, LastError = null }]
                ),
                Commits.Task(Commits.Run(Commits.Group(2), 7), updates: [moves with { Version = 7, Attempts = 7 }])
            );

        Assert.All(await all, r => Assert.Equal(CommitStatus.Committed, r.Status));
        Assert.Equal(1, await _store.NumberAsync($"select count(*) from timed_task where id = '{stays.Key.Id}'"));
        Assert.Equal(0, await _store.NumberAsync($"select count(*) from timed_task where id = '{goes.Key.Id}'"));
        Assert.Equal(
            1,
            await _store.NumberAsync(
                $"""
                select count(*) from timed_task where id = '{moves.Key.Id}' and version = 3 and attempts = 2
                  and last_error is null
                """
            )
        );
    }

    [Fact]
    public async Task AFullQueueRefusesBeforeAnythingIsDecided()
    {
        var committer = await _store.StartAsync(o => (o.LaneQueueMax, o.Lanes) = (3, 1));
        var shard = Commits.Group(1).Shard;
        var places = Enumerable.Range(0, 3).Select(_ => committer.TryReserve(shard)).ToList();
        Assert.DoesNotContain(null, places);
        Assert.Null(committer.TryReserve(shard));

        places[0]!.Dispose();
        places[0]!.Dispose();
        Assert.Equal(CommitStatus.Committed, (await committer.SendAsync(Commits.Join(Commits.Group(1), 1))).Status);
        var again = committer.TryReserve(shard);
        Assert.NotNull(again);
        Assert.Null(committer.TryReserve(shard));
    }

    [Fact]
    public async Task AQueueFullOfBytesRefuses()
    {
        var committer = await _store.StartAsync(o => (o.LaneQueueBytesMax, o.Lanes) = (2000, 1));
        Task<CommitResult[]> all;
        await using (await HoldWithOneUnderWayAsync(committer))
        {
            all = committer.SendAllAsync(Commits.Join(Commits.Group(1), 1));
            Assert.Null(committer.TryReserve(Commits.Group(1).Shard));
        }
        await all;
        Assert.NotNull(committer.TryReserve(Commits.Group(1).Shard));
    }

    [Fact]
    public async Task ADatabaseThatRefusesIsToldEarlyAndUsedAgainOnceItTakesWrites()
    {
        var committer = await _store.StartAsync(o =>
            (o.Lanes, o.RefusalTimeout, o.UnknownOutcomesMax) = (1, TimeSpan.FromMilliseconds(300), 2)
        );
        var (group, token) = (Commits.Group(1), new ActivationToken());
        await using (await _store.RefuseWritesAsync())
        {
            var refused = await committer.SendAllAsync(Commits.Join(group, 1, token), Commits.Join(group, 2, token));
            Assert.All(refused, r => Assert.Equal(CommitStatus.Unavailable, r.Status));
            // What was decided on top of a commit that was not made must not land either.
            Assert.True(token.IsPoisoned);
            Assert.Null(committer.TryReserve(group.Shard));
            var confirmed = committer.FenceConfirmedAt;
            await Eventually.TrueAsync(
                () => committer.FenceConfirmedAt > confirmed,
                "the fence is confirmed by reading meanwhile"
            );
            Assert.False(committer.Fenced.IsCompleted);
        }

        await Eventually.TrueAsync(() => Reserves(committer, group), "the lane takes commits again");
        Assert.Equal(CommitStatus.Committed, (await committer.SendAsync(Commits.Join(group, 1))).Status);
        Assert.Equal(1, await _store.NumberAsync("select count(*) from journal"));
        Assert.False(committer.Fenced.IsCompleted);
    }

    [Fact]
    public async Task APlaceServesOneCommit()
    {
        var committer = await _store.StartAsync();
        var reservation = committer.TryReserve(Commits.Group(1).Shard)!;
        await committer.CommitAsync(reservation, Commits.Join(Commits.Group(1), 1));
        Assert.Throws<InvalidOperationException>(() =>
        {
            _ = committer.CommitAsync(reservation, Commits.Join(Commits.Group(1), 2));
        });
    }

    [Fact]
    public async Task NothingIsTakenBeforeTheStartAndAfterTheStop()
    {
        var committer = _store.NewCommitter();
        Assert.Null(committer.TryReserve(Commits.Group(1).Shard));
        Assert.Equal(0, committer.FenceConfirmedAt);
        Assert.Empty(committer.Streams);

        committer = await _store.StartAsync(o => o.Lanes = 1);
        var last = committer.TryReserve(Commits.Group(1).Shard)!;
        Task<CommitResult[]> taken;
        Task stopping;
        await using (await HoldWithOneUnderWayAsync(committer))
        {
            taken = committer.SendAllAsync(Commits.Join(Commits.Group(1), 1), Commits.Join(Commits.Group(2), 1));
            stopping = StoreUnderTest.StopAsync(committer);
        }
        Assert.All(await taken, r => Assert.Equal(CommitStatus.Committed, r.Status));
        await stopping;
        Assert.Null(committer.TryReserve(Commits.Group(1).Shard));
        Assert.Equal(
            CommitStatus.Unavailable,
            (await committer.CommitAsync(last, Commits.Join(Commits.Group(3), 1))).Status
        );
    }

    [Fact]
    public async Task SubscribersSeeEveryCommitOnceInPositionOrderAndPositionsHaveNoGaps()
    {
        var committer = await _store.StartAsync();
        var seen = new List<(long Stream, long Position, Commit Commit)>();
        committer.Subscribe(batch =>
        {
            lock (seen)
                seen.AddRange(batch.Commits.Select(c => (batch.Stream, c.FirstPosition, c.Commit)));
        });
        var outcomes = new List<(Commit Commit, CommitStatus Status)>();
        await Task.WhenAll(
            Enumerable
                .Range(0, 32)
                .Select(worker =>
                    Task.Run(async () =>
                    {
                        for (var i = 1; i <= 20; i++)
                        {
                            // Every fifth is refused: its sequence was taken by the one before.
                            var commit = Commits.Join(Commits.Group(worker), i % 5 == 0 ? i - 1 : i, statusSequence: i);
                            var result = await committer.SendAsync(commit);
                            lock (outcomes)
                                outcomes.Add((commit, result.Status));
                        }
                    })
                )
        );

        Assert.All(
            outcomes,
            o =>
                Assert.Equal(
                    o.Commit.Events[0].Sequence == ((OrderStatusChange)o.Commit.Rows[0]).Sequence,
                    o.Status == CommitStatus.Committed
                )
        );
        Assert.Equal(
            outcomes.Where(o => o.Status == CommitStatus.Committed).Select(o => o.Commit.Id).Order(),
            seen.Select(s => s.Commit.Id).Order()
        );
        foreach (var stream in seen.GroupBy(s => s.Stream))
            Assert.Equal(Enumerable.Range(1, stream.Count()).Select(p => (long)p), stream.Select(s => s.Position));
        await AssertGapFreeAsync(committer);
    }

    [Fact]
    public async Task ACommitOfManyEventsTakesAPositionEachAndTellsItsLast()
    {
        var committer = await _store.StartAsync(o => o.Lanes = 1);
        var group = Commits.Group(1);
        var many = new Commit
        {
            Id = Commits.NewId(),
            Shard = group.Shard,
            Token = new(),
            Actor = group.Actor,
            Events = [.. Enumerable.Range(1, 500).Select(n => Commits.Event(n))],
        };
        Assert.Equal(500, (await committer.SendAsync(many)).At.Position);
        Assert.Equal(501, (await committer.SendAsync(Commits.Join(group, 501))).At.Position);
        await AssertGapFreeAsync(committer);
    }

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => _store = await CreateAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _store.DisposeAsync();
    }

    private protected abstract Task<StoreUnderTest> CreateAsync();

    /// <summary>Holds commits and puts one under way, so that those called next wait for it together.</summary>
    private async Task<IAsyncDisposable> HoldWithOneUnderWayAsync(Committer committer)
    {
        var held = await _store.HoldCommitsAsync(committer);
        _ = committer.SendAsync(Commits.Join(Commits.Group(999), ++_holders));
        await Eventually.TrueAsync(() => committer.WaitingCommits == 0, "the lane takes the first commit");
        return held;
    }

    private static bool Reserves(Committer committer, GroupId group)
    {
        using var reservation = committer.TryReserve(group.Shard);
        return reservation is not null;
    }

    private async Task AssertGapFreeAsync(Committer committer)
    {
        foreach (var stream in committer.Streams)
            Assert.Equal(
                await _store.NumberAsync($"select count(*) from journal where stream = {stream}"),
                await _store.NumberAsync($"select max(position) from journal where stream = {stream}")
            );
    }
}

/// <inheritdoc/>
public sealed class SqliteCommits : CommitSuite
{
    private protected override Task<StoreUnderTest> CreateAsync() => SqliteUnderTest.CreateAsync();
}

/// <inheritdoc/>
public sealed class MySqlCommits(MariaDb mariaDb) : CommitSuite
{
    private protected override Task<StoreUnderTest> CreateAsync() => MySqlUnderTest.CreateAsync(mariaDb.Server);
}
