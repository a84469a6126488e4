using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Client.Tests.Retries;

/// <summary>What is lost is sent again soon; what is only slow is not sent over and over.</summary>
public sealed class CallRepeaterTests
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);
    private static readonly CallPace Pace = new()
    {
        TryTimeout = TimeSpan.FromMilliseconds(200),
        TryTimeoutMax = TimeSpan.FromSeconds(1),
        RetryDelay = TimeSpan.FromMilliseconds(20),
    };
    private static readonly RetryBound Bound = new(TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(100));

    private readonly FakeTimeProvider _time = new();
    private readonly CallRepeater _calls;
    private int _tries;

    public CallRepeaterTests() => _calls = new CallRepeater(Pace, _time, () => 0.5);

    [Fact]
    public async Task ATryThatIsLostWithItsSiloCostsAFractionOfASecond()
    {
        var (answer, taken) = await RunAsync(n => n == 1 ? Never() : Task.FromResult(n));
        Assert.Equal(2, answer);
        Assert.InRange(taken, Pace.TryTimeout, Pace.TryTimeout + 5 * Step);
    }

    [Fact]
    public async Task TheFirstTryStillCountsWhileOthersAreMade()
    {
        var (answer, taken) = await RunAsync(n => n == 1 ? AfterAsync(TimeSpan.FromMilliseconds(450), n) : Never());
        Assert.Equal(1, answer);
        Assert.InRange(taken, TimeSpan.FromMilliseconds(450), TimeSpan.FromMilliseconds(500));
        Assert.Equal(2, _tries);
    }

    [Fact]
    public async Task ASlowStoreGetsFewMoreCallsThanWereMade()
    {
        await RunAsync(n => AfterAsync(TimeSpan.FromSeconds(3), n));
        // At 0, 0.2, 0.6, 1.4 and 2.4 s.
        Assert.InRange(_tries, 2, 5);
    }

    [Fact]
    public async Task CallsAreSentOnceAsSoonAsAnswersAreKnownToTakeLong()
    {
        for (var call = 0; call < 20; call++)
            await RunAsync(n => AfterAsync(TimeSpan.FromMilliseconds(600), n));
        _tries = 0;
        await RunAsync(n => AfterAsync(TimeSpan.FromMilliseconds(700), n));
        Assert.Equal(1, _tries);
        // And soon again when they are quick.
        for (var call = 0; call < 60; call++)
            await RunAsync(n => AfterAsync(Step, n));
        _tries = 0;
        var (_, taken) = await RunAsync(n => n == 1 ? Never() : Task.FromResult(n));
        Assert.InRange(taken, TimeSpan.Zero, Pace.TryTimeout + 5 * Step);
    }

    [Fact]
    public async Task ARefusalOfOneTryEndsNoOtherAndSendsNoMore()
    {
        var (answer, _) = await RunAsync(n =>
            n == 1 ? FailAfterAsync(TimeSpan.FromMilliseconds(250)) : AfterAsync(TimeSpan.FromMilliseconds(150), n)
        );
        Assert.Equal((2, 2), (answer, _tries));
    }

    [Fact]
    public async Task WhatMovesIsFoundSoonAfterItHasArrived()
    {
        var arrives = TimeSpan.FromSeconds(3);
        var since = _time.GetTimestamp();
        var (_, taken) = await RunAsync(n =>
            _time.GetElapsedTime(since) < arrives
                ? Task.FromException<int>(new SiloUnavailableException("gone"))
                : Task.FromResult(n)
        );
        Assert.InRange(taken, arrives, arrives + Bound.DelayMax + 5 * Step);
        Assert.InRange(_tries, 30, 80);
    }

    [Fact]
    public async Task NobodyWaitsLongerThanTheBudget()
    {
        var since = _time.GetTimestamp();
        await Assert.ThrowsAsync<UnansweredException>(() => RunAsync(_ => Never()));
        Assert.InRange(_time.GetElapsedTime(since), Bound.Budget - Step, Bound.Budget + 5 * Step);
    }

    [Fact]
    public async Task WhoGoesAwayWaitsForNoTry()
    {
        using var gone = new CancellationTokenSource();
        var running = _calls.RunAsync(() => ++_tries == 1 ? Never() : GoAsync(gone), _ => Bound, null, gone.Token);
        while (!running.IsCompleted)
            await PassAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(2, _tries);
    }

    [Fact]
    public async Task ABugEndsTheCallAlsoWhileAnotherTryIsOpen() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            RunAsync(n => n == 1 ? Never() : Task.FromException<int>(new InvalidOperationException()))
        );

    private async Task<(int Answer, TimeSpan Taken)> RunAsync(Func<int, Task<int>> call)
    {
        var since = _time.GetTimestamp();
        var running = _calls.RunAsync(
            () => call(++_tries),
            failure => failure is InvalidOperationException ? null : Bound,
            null,
            TestContext.Current.CancellationToken
        );
        while (!running.IsCompleted)
            await PassAsync();
        return (await running, _time.GetElapsedTime(since));
    }

    // Continuations run before time goes on.
    private async Task PassAsync()
    {
        for (var turn = 0; turn < 20; turn++)
            await Task.Yield();
        _time.Advance(Step);
    }

    private static Task<int> Never() => new TaskCompletionSource<int>().Task;

    private static Task<int> GoAsync(CancellationTokenSource gone)
    {
        gone.Cancel();
        return Never();
    }

    private async Task<int> AfterAsync(TimeSpan time, int answer)
    {
        await Task.Delay(time, _time, TestContext.Current.CancellationToken);
        return answer;
    }

    private async Task<int> FailAfterAsync(TimeSpan time)
    {
        await AfterAsync(time, 0);
        throw new SiloUnavailableException("gone");
    }
}
