using GroupBuyActors.Committing;
using GroupBuyActors.Reading;
using GroupBuyActors.Setting;
using GroupBuyActors.Tasks;
using GroupBuyActors.TestActors;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Activations;

/// <summary>What the kernel promises holds for an actor that is no group.</summary>
public sealed class AccountActorTests
{
    private static readonly ActorId Id = new("accounts", "10042.SH.savings");

    [Fact]
    public async Task AnActivationGoesOnFromItsSnapshotAndTheEventsAfterIt()
    {
        await using var silo = await StartAsync();
        for (var n = 1; n <= 60; n++)
            Assert.Equal(n, await Account(silo).Deposit($"r{n}", 1));
        await Account(silo).Sleep();
        Assert.Equal(61, await RetryAsync(() => Account(silo).Deposit("r61", 1)));
        Assert.Equal(62, await Account(silo).Deposit("r62", 1));
        var stored = await silo.Get<IActorReader>().LoadAsync(Id, CancellationToken.None);
        Assert.Equal((60, 2), (stored.SnapshotSequence, stored.Tail.Count));
        await Account(silo).Sleep();
        Assert.Equal(62, await RetryAsync(() => Account(silo).Read()));
    }

    [Fact]
    public async Task ARepeatGetsItsFirstAnswerAndIsRefusedNothingAlsoByTheNextActivation()
    {
        await using var silo = await StartAsync();
        Assert.Equal(600, await Account(silo).Deposit("r1", 600));
        Assert.Equal(700, await Account(silo).Deposit("r2", 100));
        Assert.Equal(600, await Account(silo).Deposit("r1", 600));
        Assert.Null(await Account(silo).Deposit("r3", 600));
        await Account(silo).Sleep();
        Assert.Equal(600, await RetryAsync(() => Account(silo).Deposit("r1", 600)));
        Assert.Equal(700, await Account(silo).Read());
    }

    [Fact]
    public async Task NothingLeavesBeforeTheHeadItSawIsCommitted()
    {
        await using var silo = await StartAsync();
        await Account(silo).Deposit("r1", 500);
        silo.Committer.Hold();
        var deposit = Account(silo).Deposit("r2", 500);
        await silo.Committer.WaitingAsync(1);
        Task[] all = [deposit, Account(silo).Deposit("r2", 500), Account(silo).Deposit("r3", 1), Account(silo).Read()];
        Assert.Equal(1, await Account(silo).WaitForEvents(0));
        Assert.DoesNotContain(all, task => task.IsCompleted);
        silo.Committer.Release();
        await Task.WhenAll(all).WaitAsync(TestSilo.Bound);
        Assert.Equal(1_000, await deposit);
    }

    [Fact]
    public async Task ACommitThatIsNotMadeEndsTheActivationAndTheSameRequestLandsOnTheTrueState()
    {
        await using var silo = await StartAsync();
        await Account(silo).Deposit("r1", 500);
        silo.Committer.Instead = _ => CommitStatus.Unavailable;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => Account(silo).Deposit("r2", 500));
        silo.Committer.Instead = null;
        Assert.Equal(1_000, await RetryAsync(() => Account(silo).Deposit("r2", 500)));
        Assert.Single(silo.Get<AccountBehavior>().Failures.OfType<ActorFailure.Ended>());
    }

    [Fact]
    public async Task ACommitWhoseAnswerIsLostIsMadeOnce()
    {
        await using var silo = await StartAsync();
        await Account(silo).Deposit("r1", 500);
        silo.Committer.Around = (_, make) => LoseAnswerAsync(make);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => Account(silo).Deposit("r2", 500));
        silo.Committer.Around = null;
        Assert.Equal(1_000, await RetryAsync(() => Account(silo).Deposit("r2", 500)));
        Assert.Equal(1_000, await Account(silo).Read());
    }

    [Fact]
    public async Task AFullStoreRefusesBeforeAnythingIsDecided()
    {
        await using var silo = await StartAsync();
        silo.Committer.IsFull = true;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => Account(silo).Deposit("r1", 500));
        silo.Committer.IsFull = false;
        Assert.Equal(500, await Account(silo).Deposit("r1", 500));
    }

    [Fact]
    public async Task AStaleActivationIsRefusedByTheDatabaseAndGone()
    {
        await using var silo = await StartAsync();
        await Account(silo).Deposit("r1", 100);
        await BehindItsBackAsync(silo, new Deposited(2, TestSilo.Evening, "rival", 200, null));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => Account(silo).Deposit("r2", 100));
        Assert.Equal(400, await RetryAsync(() => Account(silo).Deposit("r2", 100)));
        Assert.Equal(300, await Account(silo).Deposit("rival", 200));
    }

    [Fact]
    public async Task AnActivationThatWasIdleReadsItsHeadBeforeItAnswers()
    {
        await using var silo = await StartAsync(options => options.IdleHeadBound = TimeSpan.FromTicks(1));
        await Account(silo).Deposit("r1", 100);
        await BehindItsBackAsync(silo, new Deposited(2, TestSilo.Evening, "rival", 200, null));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => Account(silo).Read());
        Assert.Equal(300, await RetryAsync(() => Account(silo).Read()));
    }

    [Fact]
    public async Task ATimedTaskIsCompletedByTheCommitOfItsEffect()
    {
        await using var silo = await StartAsync();
        await Account(silo).Deposit("r1", 100);
        var poll = Account(silo).WaitForEvents(1);
        silo.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(2, await poll.WaitAsync(TestSilo.Bound));
        Assert.Equal(101, await Account(silo).Read());
        await TestSilo.GoneAsync(silo, TaskIds.Of(Id, 1, BonusHandler.TaskType.Name));
    }

    [Fact]
    public async Task ATaskThatRunsAgainAfterItsCommitHasNoSecondEffect()
    {
        await using var silo = await StartAsync();
        await Account(silo).Deposit("r1", 100);
        var due = silo.Time.GetUtcNow().AddSeconds(1);
        for (var run = 1; run <= 2; run++)
            await Account(silo).Bonus(due, TaskIds.Of(Id, 1, BonusHandler.TaskType.Name), 1);
        Assert.Equal((101, 2), (await Account(silo).Read(), await silo.Get<IActorReader>().HeadAsync(Id, default)));
    }

    /// <summary>
    /// The silo dies on either side of the commit of a call and of that of a task, one after the other on one file.
    /// Whoever asked asks again with the same request, and in the end all is as if nothing had happened.
    /// </summary>
    [Fact]
    public async Task ASiloThatDiesOnEitherSideOfACommitLeavesTheSameEnd()
    {
        var silo = await StartAsync();
        var (file, time) = (silo.File, silo.Time);
        await DieAsync(silo, isMade: false, () => Account(silo).Deposit("r1", 100));
        silo = await StartAsync(file: file, time: time);
        await DieAsync(silo, isMade: true, () => Account(silo).Deposit("r1", 100));
        silo = await StartAsync(file: file, time: time);
        Assert.Equal(100, await Account(silo).Deposit("r1", 100));
        await DieAsync(silo, isMade: false, () => Elapse(time));
        silo = await StartAsync(file: file, time: time);
        var bonus = Account(silo).WaitForEvents(1);
        await silo.AdvanceUntilAsync(TimeSpan.FromSeconds(10), () => bonus);
        Assert.Equal(201, await Account(silo).Deposit("r2", 100));
        await DieAsync(silo, isMade: true, () => Elapse(time));
        silo = await StartAsync(file: file, time: time);
        foreach (var deposit in (long[])[1, 3])
            await TestSilo.GoneAsync(silo, TaskIds.Of(Id, deposit, BonusHandler.TaskType.Name));
        Assert.Equal((202, 4), (await Account(silo).Read(), await silo.Get<IActorReader>().HeadAsync(Id, default)));
        await silo.DisposeAsync();
    }

    /// <summary>Lets the silo die at the first commit of an account that the cause brings about.</summary>
    private static async Task DieAsync(TestSilo silo, bool isMade, Func<Task> cause)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        silo.Committer.Around = (commit, make) => commit.Actor == Id ? DiedAsync(make) : null;
        cause().Ignore();
        await reached.Task.WaitAsync(TestSilo.Bound);
        await silo.KillAsync();

        async Task<CommitResult> DiedAsync(Func<Task<CommitResult>> make)
        {
            if (isMade)
                await make();
            reached.TrySetResult();
            return await new TaskCompletionSource<CommitResult>().Task;
        }
    }

    private static async Task<CommitResult> LoseAnswerAsync(Func<Task<CommitResult>> make)
    {
        await make();
        return new CommitResult(CommitStatus.Unavailable, default);
    }

    private static Task Elapse(FakeTimeProvider time)
    {
        time.Advance(TimeSpan.FromMinutes(1));
        return Task.CompletedTask;
    }

    private static IAccount Account(TestSilo silo) => silo.Client.GetGrain<IAccount>(Id.Key);

    private static Task<TestSilo> StartAsync(
        Action<Hosting.GrainsOptions>? configure = null,
        string? file = null,
        FakeTimeProvider? time = null
    ) => TestSilo.StartAsync(file, time, configure: configure, services: services => services.AddAccounts());

    /// <summary>What a second activation would commit, as a partition would leave one.</summary>
    private static async Task BehindItsBackAsync(TestSilo silo, Deposited happened)
    {
        var result = new ActorResult<Deposited>();
        result.Events.Add(happened);
        var committed = await silo.Committer.CommitAsync(
            silo.Committer.TryReserve(Id.Shard)!,
            new Commit
            {
                Id = Guid.NewGuid(),
                Shard = Id.Shard,
                Token = new ActivationToken(),
                Actor = Id,
                Events = silo.Get<AccountBehavior>().Write(result, null),
            }
        );
        Assert.Equal(CommitStatus.Committed, committed.Status);
    }

    private static async Task<T> RetryAsync<T>(Func<Task<T>> call)
    {
        for (var tries = 0; ; tries++)
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
