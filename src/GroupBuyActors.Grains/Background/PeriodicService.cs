namespace GroupBuyActors.Background;

/// <summary>
/// Repeats one piece of work: at once when it starts, then after a pause that follows from the result of the last run,
/// or sooner if <see cref="RunSoon"/> is called. Tests call <see cref="RunOnceAsync"/> and check what it returns.
/// </summary>
/// <typeparam name="TResult">The result of one run.</typeparam>
internal abstract class PeriodicService<TResult> : BackgroundLoop
{
    private readonly Signal _wanted = new();

    /// <summary>The clock that measures pauses, if it is not the context's.</summary>
    protected virtual TimeProvider? PauseClock => null;

    /// <summary>Makes one run. An exception is logged and counted, and the run is repeated after a wait.</summary>
    public abstract Task<TResult> RunOnceAsync(CancellationToken cancellation);

    /// <summary>Requests that the next run is made soon. Several requests during one run cause one more.</summary>
    public void RunSoon() => _wanted.Set();

    /// <summary>The wait before the next run.</summary>
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
