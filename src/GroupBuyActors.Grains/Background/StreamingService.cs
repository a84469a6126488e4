namespace GroupBuyActors.Background;

/// <summary>
/// Takes what arrives, as long as it arrives. It has no clock: each run waits for its work by itself.
/// </summary>
internal abstract class StreamingService : BackgroundLoop
{
    /// <summary>
    /// Waits for what comes next and deals with it; gives how much that was. What it throws is logged and counted, and
    /// the next run follows after a wait.
    /// </summary>
    public abstract Task<int> RunOnceAsync(CancellationToken cancellation);

    internal sealed override Task RunAsync(BackgroundContext context, CancellationToken stopping) =>
        context.RepeatAsync(this, RunOnceAsync, stopping);
}
