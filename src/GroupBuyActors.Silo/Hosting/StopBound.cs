namespace GroupBuyActors.Silo.Hosting;

/// <summary>
/// Ends the process when the time to stop is over. When it is, every step is told to give up, but the actor runtime
/// waits for another minute to write into a membership table that does not answer, and an orchestrator would have to
/// kill. The other silos take over what is left, as from a silo that died.
/// </summary>
internal sealed class StopBound(SiloSettings settings, TimeProvider time, ILogger<StopBound> log)
    : IHostedLifecycleService,
        IDisposable
{
    /// <summary>The exit code of a silo that could not finish.</summary>
    public const int ExitCode = 70;

    // For the steps that were told to give up.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);
    private ITimer? _timer;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        _timer ??= time.CreateTimer(
            _ => End(),
            null,
            settings.ShutdownTimeout + Grace,
            System.Threading.Timeout.InfiniteTimeSpan
        );
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _timer?.Dispose();

    private void End()
    {
        HostLog.NotStopped(log, settings.ShutdownTimeout.TotalSeconds);
        Environment.Exit(ExitCode);
    }
}
