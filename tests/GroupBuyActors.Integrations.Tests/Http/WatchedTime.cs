using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Integrations.Tests.Http;

/// <summary>A clock that stands still until told, and tells of the waits that begin on it.</summary>
internal sealed class WatchedTime : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime > TimeSpan.Zero)
            _waits.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>Waits until somebody waits for exactly this long.</summary>
    public async Task UntilWaitedForAsync(TimeSpan wait)
    {
        using var patience = new CancellationTokenSource(TestService.Patience, System);
        while (await _waits.Reader.ReadAsync(patience.Token) != wait) { }
    }
}
