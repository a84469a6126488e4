using System.Buffers;
using GroupBuyActors.Committing;
using GroupBuyActors.Setting;
using GroupBuyActors.TestActors;

namespace GroupBuyActors.Activations;

/// <summary>What an activation hands over when its actor moves, and what the next one does with it.</summary>
public sealed class ActorMoveTests
{
    private static readonly ActorId Id = new("accounts", "10042.SH.moved");

    [Fact]
    public async Task TheNextActivationGoesOnFromTheStateThatWasSentAndLoadsNothing()
    {
        await using var silo = await StartAsync();
        var (first, services) = (await ActivateAsync(silo), ServicesOf(silo));
        for (var n = 1; n <= 60; n++)
            Assert.Equal(n, await DepositAsync(first, $"r{n}"));
        await first.DeactivateAsync(CancellationToken.None, isMoving: true);
        var reader = (CountingReader)services.Reader;
        Assert.Equal(0, reader.Snapshots);

        var (loads, next) = (reader.Loads, await ActivateAsync(silo, Sent(first)));
        Assert.Equal(60, await DepositAsync(next, "r60"));
        Assert.Equal(61, await DepositAsync(next, "r61"));
        Assert.Equal(61, await next.ReadAsync(static state => (state.Balance, IsKnown: true)));
        Assert.Equal(loads, reader.Loads);
        // It knows how long its tail is: the snapshot that the move left out is written at the end.
        await next.DeactivateAsync(CancellationToken.None);
        Assert.Equal(1, reader.Snapshots);
    }

    [Fact]
    public async Task AStateThatWasSentIsComparedWithTheJournalBeforeItAnswersWithoutACommit()
    {
        await using var silo = await StartAsync();
        var first = await ActivateAsync(silo);
        await DepositAsync(first, "r1");
        await first.DeactivateAsync(CancellationToken.None, isMoving: true);
        var sent = Sent(first);

        var (reader, next) = ((CountingReader)ServicesOf(silo).Reader, await ActivateAsync(silo, sent));
        var heads = reader.Heads;
        Assert.Equal(1, await DepositAsync(next, "r1"));
        Assert.Equal(heads + 1, reader.Heads);

        // On the way, another activation took over and went on.
        var rival = await ActivateAsync(silo);
        await DepositAsync(rival, "rival");
        var late = await ActivateAsync(silo, sent);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => DepositAsync(late, "r1"));
        Assert.True(late.HasEnded);
        await late.DeactivateAsync(CancellationToken.None, isMoving: true);
        Assert.Null(late.Ship());
        var later = await ActivateAsync(silo, sent);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => DepositAsync(later, "r2"));
    }

    [Fact]
    public async Task ARefusedCommitSendsNothing()
    {
        await using var silo = await StartAsync();
        var first = await ActivateAsync(silo);
        await DepositAsync(first, "r1");
        silo.Committer.Instead = _ => CommitStatus.Unavailable;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => DepositAsync(first, "r2"));
        silo.Committer.Instead = null;
        await first.DeactivateAsync(CancellationToken.None, isMoving: true);
        Assert.Null(first.Ship());
    }

    [Fact]
    public async Task ACommitInFlightIsAwaitedAndSentAndOneWithoutAnOutcomeSendsNothing()
    {
        await using var silo = await StartAsync();
        var services = ServicesOf(silo) with { Bounds = new ActorBounds { Drain = TimeSpan.FromMilliseconds(50) } };
        var first = await ActivateAsync(silo);
        silo.Committer.Hold();
        var deposit = DepositAsync(first, "r1");
        await silo.Committer.WaitingAsync(1);
        var leaving = first.DeactivateAsync(CancellationToken.None, isMoving: true);
        silo.Committer.Release();
        await leaving;
        Assert.Equal(1, await deposit);
        Assert.Equal(1, Sent(first).Sequence);

        var second = await ActivateAsync(silo, services: services);
        silo.Committer.Hold();
        var unknown = DepositAsync(second, "r2");
        await silo.Committer.WaitingAsync(1);
        await second.DeactivateAsync(CancellationToken.None, isMoving: true);
        Assert.Null(second.Ship());
        silo.Committer.Release();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => unknown);
    }

    [Fact]
    public async Task ASiloThatMayNotAnswerSendsNothing()
    {
        await using var silo = await StartAsync();
        var first = await ActivateAsync(silo);
        await DepositAsync(first, "r1");
        await first.DeactivateAsync(CancellationToken.None, isMoving: true);
        silo.Committer.IsUnconfirmed = true;
        Assert.Null(first.Ship());
        silo.Committer.IsUnconfirmed = false;
    }

    [Fact]
    public async Task AStateThatIsTooLargeIsNotSentAndIsStoredAheadOfTheMove()
    {
        await using var silo = await StartAsync();
        var services = ServicesOf(silo) with
        {
            Bounds = new ActorBounds { ShipBytesMax = -1, SnapshotTailOnDeactivation = 5 },
        };
        var first = await ActivateAsync(silo, services: services);
        for (var n = 1; n <= 10; n++)
            await DepositAsync(first, $"r{n}");
        Assert.False(first.IsShippable);
        await first.PrepareToLoadAsync();
        Assert.Equal(10, (await services.Reader.LoadAsync(Id, CancellationToken.None)).SnapshotSequence);
        await first.DeactivateAsync(CancellationToken.None, isMoving: true);
        Assert.Null(first.Ship());
        Assert.Equal(10, await DepositAsync(await ActivateAsync(silo), "r10"));
    }

    [Fact]
    public async Task AStateThatCannotBeReadIsLoaded()
    {
        await using var silo = await StartAsync();
        var first = await ActivateAsync(silo);
        await DepositAsync(first, "r1");
        await first.DeactivateAsync(CancellationToken.None, isMoving: true);
        var sent = Sent(first);
        foreach (
            var damaged in (ShippedActor[])
                [sent with { State = [.. sent.State.SkipLast(3)] }, sent with { Sequence = 7 }]
        )
        {
            var next = await ActivateAsync(silo, damaged);
            Assert.Equal(1, await DepositAsync(next, "r1"));
        }

        Assert.Equal(2, silo.Get<AccountBehavior>().Failures.OfType<ActorFailure.NotAccepted>().Count());
    }

    [Fact]
    public void WhatAnotherVersionSentIsLeftAside()
    {
        var writer = new ArrayBufferWriter<byte>();
        new ShippedActor(7, 5, [1, 2, 3]).WriteTo(writer);
        var read = ShippedActor.Read(new ReadOnlySequence<byte>(writer.WrittenMemory))!;
        Assert.Equal((7, 5), (read.Sequence, read.SnapshotSequence));
        Assert.Equal([1, 2, 3], read.State);
        var newer = writer.WrittenSpan.ToArray();
        newer[0]++;
        Assert.Null(ShippedActor.Read(new ReadOnlySequence<byte>(newer)));
        Assert.Null(ShippedActor.Read(new ReadOnlySequence<byte>(newer.AsMemory(0, 10))));
    }

    [Fact]
    public async Task AWaitForEventsEndsWhenItsActorIsAboutToMove()
    {
        await using var silo = await StartAsync();
        var first = await ActivateAsync(
            silo,
            services: ServicesOf(silo) with
            {
                Bounds = new ActorBounds { LongPoll = TimeSpan.FromDays(1) },
            }
        );
        await DepositAsync(first, "r1");
        var wait = first.WaitForEventsAsync(1);
        Assert.False(wait.IsCompleted);
        first.Leave();
        Assert.Equal(1, await wait.WaitAsync(TestSilo.Bound));
        first.Stay();
        Assert.False(first.WaitForEventsAsync(1).IsCompleted);
    }

    private static Task<long?> DepositAsync(
        DurableActor<Account, Deposit, ActorResult<Deposited>> actor,
        string request
    ) =>
        actor.AnswerAsync<long?>(
            new Deposit(request, 1),
            static (_, result) => (result.Outcome as Outcome.Accepted<long>)?.Answer
        );

    private static ShippedActor Sent(DurableActor<Account, Deposit, ActorResult<Deposited>> actor) =>
        actor.Ship() ?? throw new InvalidOperationException("Nothing was sent.");

    private static async Task<DurableActor<Account, Deposit, ActorResult<Deposited>>> ActivateAsync(
        TestSilo silo,
        ShippedActor? shipped = null,
        ActorServices? services = null
    )
    {
        var actor = new DurableActor<Account, Deposit, ActorResult<Deposited>>(
            Id,
            silo.Get<AccountBehavior>(),
            services ?? ServicesOf(silo),
            new NoHost()
        );
        await actor.ActivateAsync(CancellationToken.None, shipped);
        return actor;
    }

    private static ActorServices ServicesOf(TestSilo silo) => silo.Get<ActorServices>();

    private static Task<TestSilo> StartAsync() =>
        TestSilo.StartAsync(services: services =>
        {
            services.AddAccounts();
            CountingReader.Wrap(services);
        });

    private sealed class NoHost : IActorHost
    {
        public void Deactivate() { }
    }
}
