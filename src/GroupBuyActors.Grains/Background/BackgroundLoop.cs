using GroupBuyActors.Retries;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Background;

/// <summary>
/// A background service, which runs as long as the silo. There are two kinds: a <see cref="PeriodicService{TResult}"/>
/// repeats one piece of work, a <see cref="StreamingService"/> waits for work that arrives. The
/// <see cref="BackgroundSupervisor"/> starts and stops them all, and reports one that ends by itself.
/// </summary>
internal abstract class BackgroundLoop
{
    /// <summary>Its name in readiness, in the log and in metrics, in lower case.</summary>
    public abstract string Name { get; }

    /// <summary>True if the silo is of no use without it: if it ends by itself, the silo exits.</summary>
    public virtual bool IsEssential => false;

    /// <summary>
    /// True if it continues while the groups of a stopping silo are deactivated; the others stop when the silo begins
    /// to drain.
    /// </summary>
    public virtual bool RunsUntilGroupsAreGone => false;

    /// <summary>The waits after failed runs.</summary>
    internal virtual Backoff Retry => new(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(5), Jitter: 0.2);

    /// <summary>Runs until cancelled; the task ends in no other way.</summary>
    internal abstract Task RunAsync(BackgroundContext context, CancellationToken stopping);

    /// <summary>Logs a failed run, which is repeated after the wait.</summary>
    internal virtual void LogFailure(ILogger log, Exception failure, TimeSpan wait) =>
        BackgroundLog.RunFailed(log, failure, Name, wait.TotalSeconds);
}
