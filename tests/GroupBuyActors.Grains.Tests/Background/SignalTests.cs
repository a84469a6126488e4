using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Background;

public sealed class SignalTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private readonly FakeTimeProvider _time = new();
    private readonly Signal _signal = new();

    [Fact]
    public async Task SignalsBeforeAWaitAreOne()
    {
        _signal.Set();
        _signal.Set();
        Assert.True(await WaitAsync());
        var next = WaitAsync();
        Assert.False(next.IsCompleted);
        _time.Advance(Minute);
        Assert.False(await next);
    }

    [Fact]
    public async Task AWaitEndsWithTheSignal()
    {
        var waiting = WaitAsync();
        Assert.False(waiting.IsCompleted);
        _signal.Set();
        Assert.True(await waiting);
    }

    [Fact]
    public async Task ASignalAfterAWaitWasGivenUpIsKeptForTheNext()
    {
        var first = WaitAsync();
        _time.Advance(Minute);
        Assert.False(await first);
        using (var cancelled = new CancellationTokenSource())
        {
            var second = _signal.WaitAsync(Minute, _time, cancelled.Token);
            await cancelled.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        }

        _signal.Set();
        Assert.True(await WaitAsync());
    }

    private Task<bool> WaitAsync() => _signal.WaitAsync(Minute, _time, CancellationToken.None);
}
