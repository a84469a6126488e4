namespace GroupBuyActors.Background;

/// <summary>
/// Handles work that arrives. It has no pauses: each run waits for its work by itself.
/// </summary>
internal abstract class StreamingService : BackgroundLoop
{
    /// <summary>
    /// Waits for the next work and handles it; returns how much it was. An exception is logged and counted, and the
    /// next run follows after a wait.
    /// </summary>
    public abstract Task<int> RunOnceAsync(CancellationToken cancellation);

    internal sealed override Task RunAsync(BackgroundContext context, CancellationToken stopping) =>
        context.RepeatAsync(this, RunOnceAsync, stopping);
}
