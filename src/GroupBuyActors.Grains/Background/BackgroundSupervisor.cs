using System.Collections.Concurrent;
using GroupBuyActors.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Background;

/// <summary>
/// Starts, stops and watches every background loop of this silo: if one ends before it was stopped, the silo is not
/// ready any more, and exits if the loop is essential.
/// </summary>
internal sealed class BackgroundSupervisor(
    IEnumerable<BackgroundLoop> registered,
    BackgroundContext context,
    ISiloExit exit,
    TimeProvider time,
    IOptions<GrainsOptions> options,
    ILogger<BackgroundSupervisor> log
)
{
    private readonly BackgroundLoop[] _registered = [.. registered];
    private readonly ConcurrentDictionary<string, byte> _ended = new(StringComparer.Ordinal);
    private readonly List<Running> _running = [];

    /// <summary>
    /// Null while all that were started run, otherwise one sentence with the names of those that have ended.
    /// </summary>
    public string? FailingBecause =>
        _ended.IsEmpty
            ? null
            : $"Background services have ended: {string.Join(", ", _ended.Keys.Order(StringComparer.Ordinal))}.";

    /// <summary>Starts all registered loops; called once, when the silo serves grain calls.</summary>
    public void Start()
    {
        lock (_running)
            foreach (var loop in _registered)
            {
                var stopping = new CancellationTokenSource();
                _running.Add(new Running(loop, stopping, RunAsync(loop, stopping.Token)));
            }
    }

    /// <summary>
    /// Runs a loop that is started and stopped while the silo runs, until cancelled. The task never fails; a loop that
    /// ends by itself is logged here.
    /// </summary>
    public Task RunAsync(BackgroundLoop loop, CancellationToken stopping) =>
        Task.Run(() => WatchAsync(loop, stopping), CancellationToken.None);

    /// <summary>Stops the loops that are not needed while the silo drains.</summary>
    public Task StopFirstAsync() => StopAsync(loop => !loop.RunsUntilGroupsAreGone);

    /// <summary>Stops the remaining loops.</summary>
    public Task StopAsync() => StopAsync(static _ => true);

    private async Task WatchAsync(BackgroundLoop loop, CancellationToken stopping)
    {
        Exception? cause = null;
        try
        {
            await loop.RunAsync(context, stopping);
        }
        catch (Exception e)
        {
            cause = e;
        }

        if (!stopping.IsCancellationRequested)
            Ended(loop, cause);
    }

    private void Ended(BackgroundLoop loop, Exception? cause)
    {
        _ended.TryAdd(loop.Name, 0);
        if (!loop.IsEssential)
        {
            BackgroundLog.Ended(log, cause, loop.Name);
            return;
        }

        BackgroundLog.EssentialEnded(log, cause, loop.Name);
        exit.Exit($"The background service {loop.Name} has ended.");
    }

    /// <summary>Stops loops and waits a bounded time for their runs in progress.</summary>
    private async Task StopAsync(Func<BackgroundLoop, bool> which)
    {
        List<Running> stopped;
        lock (_running)
        {
            stopped = _running.FindAll(running => which(running.Loop));
            _running.RemoveAll(stopped.Contains);
        }

        foreach (var running in stopped)
            await running.Stopping.CancelAsync();
        var bound = options.Value.StopBound;
        await Task.WhenAll(stopped.Select(running => running.Run))
            .WaitAsync(bound, time, CancellationToken.None)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var left = stopped.Where(running => !running.Run.IsCompleted).Select(running => running.Loop.Name).ToList();
        if (left.Count > 0)
            BackgroundLog.NotStopped(log, bound.TotalSeconds, string.Join(", ", left));
    }

    private sealed record Running(BackgroundLoop Loop, CancellationTokenSource Stopping, Task Run);
}
