using GroupBuyActors.Hosting;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Background;

/// <summary>
/// Shared by all background loops, so that their failures are logged, counted and waited for in the same way.
/// </summary>
internal sealed class BackgroundContext(
    BackgroundMetrics metrics,
    IdGenerator ids,
    TimeProvider time,
    ILogger<BackgroundLoop> log
)
{
    public TimeProvider Time => time;

    /// <summary>
    /// Repeats a run until cancelled. A run that fails is logged and counted, and repeated after a wait.
    /// </summary>
    public async Task RepeatAsync(BackgroundLoop loop, Func<CancellationToken, Task> run, CancellationToken stopping)
    {
        metrics.Started(loop.Name);
        var failures = 0;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await run(stopping);
                failures = 0;
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                var wait = loop.Retry.After(++failures, ids.NextShare());
                metrics.Failed(loop.Name);
                loop.LogFailure(log, e, wait);
                await Task.Delay(wait, time, stopping);
            }
        }
    }
}
