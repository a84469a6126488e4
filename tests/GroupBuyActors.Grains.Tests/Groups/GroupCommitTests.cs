using System.Data.Common;
using GroupBuyActors.Committing;
using GroupBuyActors.Setting;
using Microsoft.Extensions.DependencyInjection;
using MySqlConnector;
using Orleans.Serialization;

namespace GroupBuyActors.Groups;

/// <summary>Decide → commit → reply: what leaves a group, when, and what happens where a commit fails.</summary>
public sealed class GroupCommitTests
{
    private const string Id = "7.HZ.cake";

    [Fact]
    public async Task NothingLeavesBeforeTheHeadItSawIsCommitted()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 1, capacity: 1);
        var before = (await group.Get()).Value!;
        silo.Committer.Hold();
        var join = group.Join(new JoinGroup("user-1", 1, new RequestKey("r1", "f")));
        await silo.Committer.WaitingAsync(1);
        var replay = group.Join(new JoinGroup("user-1", 1, new RequestKey("r1", "f")));
        var refusal = group.Join(new JoinGroup("user-2"));
        var mismatch = group.Join(new JoinGroup("user-1", 1, new RequestKey("r1", "other")));
        var read = group.Get();
        var order = group.GetOrder(1);
        Task[] all = [join, replay, refusal, mismatch, read, order];
        // A poll is answered by what is durable, so its answer comes only after those that were asked before it had
        // their turn.
        Assert.Equal(before.Sequence, await group.WaitForEvents(before.Sequence - 1));
        Assert.DoesNotContain(all, task => task.IsCompleted);
        silo.Committer.Release();
        await Task.WhenAll(all).WaitAsync(TestSilo.Bound);
        Assert.Equal(ReplyOutcome.Created, (await join).Outcome);
        Assert.True((await replay).Replayed);
        Assert.Equal(RefusalCode.GroupFull, (await refusal).Refusal!.Code);
        Assert.Equal(RefusalCode.IdempotencyMismatch, (await mismatch).Refusal!.Code);
        Assert.Equal(1, (await read).Value!.SeatsTaken);
        Assert.Equal("user-1", (await order).Value!.UserId);
    }

    [Fact]
    public async Task JoinsAreDecidedOnJoinsThatAreNotCommittedYet()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 2, capacity: 5);
        silo.Committer.Hold();
        var joins = Enumerable.Range(1, 8).Select(n => group.Join(new JoinGroup($"user-{n}"))).ToArray();
        await silo.Committer.WaitingAsync(5);
        silo.Committer.Release();
        var replies = await Task.WhenAll(joins).WaitAsync(TestSilo.Bound);
        Assert.Equal(5, replies.Count(reply => reply.Succeeded));
        Assert.All(
            replies.Where(reply => !reply.Succeeded),
            reply => Assert.Equal(RefusalCode.GroupFull, reply.Refusal!.Code)
        );
        Assert.Equal(5, (await group.Get()).Value!.SeatsTaken);
    }

    [Fact]
    public async Task StaleActivationIsRefusedByTheDatabaseAndGone()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 3, capacity: 4);
        await new Rival(silo).DecideAsync(Id, new GroupCommand.Join(new JoinGroup("rival")));
        silo.Committer.Hold();
        var joins = Enumerable
            .Range(1, 3)
            .Select(n => group.Join(new JoinGroup($"user-{n}", 1, new RequestKey($"r{n}", ""))))
            .ToArray();
        await silo.Committer.WaitingAsync(3);
        silo.Committer.Release();
        foreach (var join in joins)
            await Assert.ThrowsAsync<StoreUnavailableException>(() => join.WaitAsync(TestSilo.Bound));
        for (var n = 1; n <= 3; n++)
            Assert.Equal(
                n + 1,
                (await RetryAsync(() => group.Join(new JoinGroup($"user-{n}", 1, new RequestKey($"r{n}", "")))))
                    .Value!
                    .OrderId
                    .Number
            );
        Assert.Equal("rival", (await group.GetOrder(1)).Value!.UserId);
        Assert.Equal(4, (await group.Get()).Value!.SeatsTaken);
    }

    [Fact]
    public async Task OrderUnknownToAStaleActivationEndsItAndIsFoundByTheNext()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        await new Rival(silo).DecideAsync(Id, new GroupCommand.Join(new JoinGroup("rival")));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => group.GetOrder(1));
        Assert.Equal("rival", (await RetryAsync(() => group.GetOrder(1))).Value!.UserId);
    }

    [Fact]
    public async Task TaskOfAnOrderUnknownToAStaleActivationIsNotCompletedByIt()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        await new Rival(silo).DecideAsync(Id, new GroupCommand.Join(new JoinGroup("rival")));
        var closing = TestSilo.UntilAsync(group, 1, order => order.Status == OrderStatus.Closed);
        await silo.AdvanceUntilAsync(TimeSpan.FromMinutes(1), () => closing);
        Assert.Equal("rival", (await closing).UserId);
    }

    [Fact]
    public async Task MadeUpOrdersAreNotFoundAndDoNotReloadTheGroup()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        var groups = silo.Get<ActiveGroups>();
        var replies = await Task.WhenAll(Enumerable.Range(100, 50).Select(n => group.GetOrder(n)));
        Assert.All(replies, reply => Assert.Equal(RefusalCode.OrderNotFound, reply.Refusal!.Code));
        Assert.Equal(RefusalCode.OrderNotFound, (await group.CancelOrder(100)).Refusal!.Code);
        Assert.Equal(1, groups.Count);
        Assert.Equal(1, groups.Activations);
    }

    [Fact]
    public async Task ActivationThatWasIdleReadsItsHeadBeforeItAnswers()
    {
        await using var silo = await TestSilo.StartAsync(configure: options =>
            options.IdleHeadBound = TimeSpan.FromTicks(1)
        );
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        await new Rival(silo).DecideAsync(Id, new GroupCommand.Join(new JoinGroup("rival")));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => group.Get());
        Assert.Equal(1, (await RetryAsync(() => group.Get())).Value!.SeatsTaken);
    }

    /// <summary>It reads no head before it decides: the other's events refuse its commit.</summary>
    [Fact]
    public async Task WhatAnIdleActivationDecidesOnAnOldHeadIsRefusedByItsCommit()
    {
        await using var silo = await TestSilo.StartAsync(configure: options =>
            options.IdleHeadBound = TimeSpan.FromTicks(1)
        );
        // Large, so that no success brings a task of its own that would find out first.
        var group = await silo.PublishAsync(Id, minGroupSize: 10);
        var rival = new JoinGroup("rival", 1, new RequestKey("rival's", ""));
        await new Rival(silo).DecideAsync(Id, new GroupCommand.Join(rival));
        await Assert.ThrowsAsync<StoreUnavailableException>(() =>
            group.Join(new JoinGroup("user-1", 1, new RequestKey("mine", "")))
        );
        var joined = (
            await RetryAsync(() => group.Join(new JoinGroup("user-1", 1, new RequestKey("mine", ""))))
        ).Value!;
        Assert.Equal((2, 2), (joined.OrderId.Number, joined.Group!.SeatsTaken));

        // And what it changes nothing by, a repeat, is looked up first.
        await new Rival(silo).DecideAsync(Id, new GroupCommand.Join(new JoinGroup("third")));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => group.Join(rival));
        Assert.Equal(1, (await RetryAsync(() => group.Join(rival))).Value!.OrderId.Number);
    }

    [Fact]
    public async Task SiloThatCannotConfirmItsFenceDoesNotAnswer()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        silo.Committer.IsUnconfirmed = true;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => group.Get());
        await Assert.ThrowsAsync<StoreUnavailableException>(() => group.Join(new JoinGroup("user-1")));
        silo.Committer.IsUnconfirmed = false;
        Assert.Equal(0, (await group.Get()).Value!.SeatsTaken);
    }

    /// <summary>
    /// A driver's exceptions are of namespaces that Orleans writes none of by itself: its callers used to hear of a
    /// missing codec, a 500 at the edge.
    /// </summary>
    [Fact]
    public async Task ADriversExceptionCrossesACallAsTheCauseOfOurs()
    {
        await using var silo = await TestSilo.StartAsync();
        await using var nobody = new MySqlConnection("Server=127.0.0.1;Port=1;Connection Timeout=1");
        var cause = await Assert.ThrowsAsync<MySqlException>(() => nobody.OpenAsync());
        var written = silo.Get<Serializer>()
            .SerializeToArray<Exception>(
                new StoreUnavailableException("The group's latest sequence could not be read.", cause)
            );
        foreach (
            var reader in new[] { silo.Get<Serializer>(), silo.Client.ServiceProvider.GetRequiredService<Serializer>() }
        )
        {
            var read = Assert.IsType<StoreUnavailableException>(reader.Deserialize<Exception>(written));
            Assert.Equal("The group's latest sequence could not be read.", read.Message);
            Assert.Contains(
                cause.Message,
                Assert.IsType<DbException>(read.InnerException, exactMatch: false).Message,
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public async Task FullQueueRefusesBeforeAnythingIsDecidedAndKeepsTheActivation()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        silo.Committer.IsFull = true;
        Assert.Equal(RefusalCode.StoreUnavailable, (await group.Join(new JoinGroup("user-1"))).Refusal!.Code);
        Assert.Equal(0, (await group.Get()).Value!.SeatsTaken);
        silo.Committer.IsFull = false;
        Assert.Equal(1, (await group.Join(new JoinGroup("user-1"))).Value!.OrderId.Number);
        Assert.Equal(1, silo.Get<ActiveGroups>().Activations);
    }

    [Fact]
    public async Task CommitThatIsNotMadeEndsTheActivationAndTheSameRequestLandsOnTrueState()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        silo.Committer.Instead = _ => CommitStatus.Unavailable;
        var request = new RequestKey("r1", "f");
        await Assert.ThrowsAsync<StoreUnavailableException>(() => group.Join(new JoinGroup("user-1", 1, request)));
        silo.Committer.Instead = null;
        var reply = await RetryAsync(() => group.Join(new JoinGroup("user-1", 1, request)));
        Assert.False(reply.Replayed);
        Assert.Equal(1, reply.Value!.OrderId.Number);
        Assert.True((await group.Join(new JoinGroup("user-1", 1, request))).Replayed);
    }

    [Fact]
    public async Task EventOfANewerReleaseIsRefusedAndNothingIsDecidedOnIt()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        await new Rival(silo).WriteFromTheFutureAsync(Id, (await group.Get()).Value!.Sequence + 1);
        // The activation that does not know yet is ended by its first commit; every later one refuses to begin.
        for (var n = 0; n < 3; n++)
            await Assert.ThrowsAsync<StoreUnavailableException>(() => group.Join(new JoinGroup("user-1")));
    }

    [Fact]
    public async Task LastSeatHasOneWinnerAndPaymentAndCloseHaveOne()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 2, capacity: 2);
        await group.Join(new JoinGroup("user-0"));
        var joins = await Task.WhenAll(Enumerable.Range(1, 20).Select(n => group.Join(new JoinGroup($"user-{n}"))));
        Assert.Single(joins, reply => reply.Succeeded);
        var order = joins.Single(reply => reply.Succeeded).Value!;
        silo.Time.Advance(TimeSpan.FromMinutes(30));
        var paid = await group.Pay(new PayOrder(order.OrderId.Number, "pay-1", order.Total));
        var end = await TestSilo.UntilAsync(
            group,
            order.OrderId.Number,
            o => o.Status is not (OrderStatus.PendingPayment or OrderStatus.Refunding)
        );
        Assert.True(
            paid.Outcome == ReplyOutcome.Done ? end.Status is OrderStatus.Paid : end.Status is OrderStatus.Refunded,
            $"{paid.Outcome} {end.Status}"
        );
    }

    [Fact]
    public async Task LongPollHearsOfEventsWhenTheyAreDurable()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        var sequence = (await group.Get()).Value!.Sequence;
        var poll = group.WaitForEvents(sequence);
        silo.Committer.Hold();
        var join = group.Join(new JoinGroup("user-1"));
        await silo.Committer.WaitingAsync(1);
        Assert.False(poll.IsCompleted);
        silo.Committer.Release();
        Assert.Equal(sequence + 2, await poll.WaitAsync(TestSilo.Bound));
        Assert.True((await join).Succeeded);
    }

    [Fact]
    public async Task CommitThatIsTooLargeIsToldOnItsTaskAndToCallersAndIsNoStoreThatIsAway()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(
            Id,
            minGroupSize: 3,
            with: termsRequest => termsRequest with { Timeout = TimeSpan.FromHours(1) }
        );
        silo.Committer.Instead = commit =>
            commit.Events.Any(happened => happened.Type == "group.expired")
                ? throw new CommitTooLargeException(1_127_623, 1_048_576)
                : null;
        silo.Time.Advance(TimeSpan.FromHours(1));
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        Store.Tasks.ITaskStore tasks = silo.Get<Store.Tasks.ITaskStore>();
        while (await tasks.FindAsync($"groups:{Id}:3:group-deadline:0", bound.Token) is not { LastError: not null })
            await Task.Delay(20, bound.Token);
        var deadline = (await tasks.FindAsync($"groups:{Id}:3:group-deadline:0", bound.Token))!;
        Assert.True(deadline.Attempts >= 1);
        Assert.Contains(
            "1127623 bytes; one transaction takes at most 1048576",
            deadline.LastError,
            StringComparison.Ordinal
        );
        var failed = await Assert.ThrowsAsync<DecisionFailedException>(() => group.Settle());
        Assert.Contains("1127623 bytes", failed.Message, StringComparison.Ordinal);

        silo.Committer.Instead = null;
        var expired = TestSilo.UntilAsync(group, view => view.State == GroupPhase.Expired);
        await silo.AdvanceUntilAsync(TimeSpan.FromSeconds(30), () => expired);
        Assert.Null(await tasks.FindAsync($"groups:{Id}:3:group-deadline:0", bound.Token));
    }

    private static async Task<T> RetryAsync<T>(Func<Task<T>> call)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await call();
            }
            catch (StoreUnavailableException) when (tries < 50)
            {
                await Task.Yield();
            }
        }
    }
}
