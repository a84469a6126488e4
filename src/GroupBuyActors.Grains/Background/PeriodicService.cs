namespace GroupBuyActors.Background;

/// <summary>
/// Does one thing again and again: at once when it starts, after a pause that follows from what the last run did, and
/// sooner where somebody asks for it. Tests call <see cref="RunOnceAsync"/> and look at what it returns.
/// </summary>
/// <typeparam name="TResult">What one run did.</typeparam>
internal abstract class PeriodicService<TResult> : BackgroundLoop
{
    private readonly Signal _wanted = new();

    /// <summary>The clock that pauses are measured by, where it is not the context's.</summary>
    protected virtual TimeProvider? PauseClock => null;

    /// <summary>One run. What it throws is logged and counted, and the run is made again after a wait.</summary>
    public abstract Task<TResult> RunOnceAsync(CancellationToken cancellation);

    /// <summary>Makes the next run soon: many requests during one run bring one more.</summary>
    public void RunSoon() => _wanted.Set();

    /// <summary>How long to wait before the next run.</summary>
    protected abstract TimeSpan PauseAfter(TResult result);

    internal sealed override Task RunAsync(BackgroundContext context, CancellationToken stopping) =>
        context.RepeatAsync(
            this,
            async cancellation =>
            {
                var pause = PauseAfter(await RunOnceAsync(cancellation));
                await _wanted.WaitAsync(pause, PauseClock ?? context.Time, cancellation);
            },
            stopping
        );
}
