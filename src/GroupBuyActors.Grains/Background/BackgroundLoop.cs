using GroupBuyActors.Retries;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Background;

/// <summary>
/// Work that goes on beside the actors for as long as the silo runs. There are two kinds: a
/// <see cref="PeriodicService{TResult}"/> does one thing again and again, a <see cref="StreamingService"/> takes what
/// arrives. The <see cref="BackgroundSupervisor"/> starts and stops them all, and tells when one has ended that should
/// not have.
/// </summary>
internal abstract class BackgroundLoop
{
    /// <summary>What operators call it, in lower case: in readiness, in the log and in metrics.</summary>
    public abstract string Name { get; }

    /// <summary>True where a silo without it is of no use: when it ends by itself, the silo does.</summary>
    public virtual bool IsEssential => false;

    /// <summary>
    /// True where it goes on while the groups of a stopping silo are deactivated; the others stop when the silo begins
    /// to drain.
    /// </summary>
    public virtual bool RunsUntilGroupsAreGone => false;

    /// <summary>How long it waits after a failed run.</summary>
    internal virtual Backoff Retry => new(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(5), Jitter: 0.2);

    /// <summary>Runs until cancelled; the task ends in no other way.</summary>
    internal abstract Task RunAsync(BackgroundContext context, CancellationToken stopping);

    /// <summary>Logs a failed run; it is made again after the wait.</summary>
    internal virtual void LogFailure(ILogger log, Exception failure, TimeSpan wait) =>
        BackgroundLog.RunFailed(log, failure, Name, wait.TotalSeconds);
}
