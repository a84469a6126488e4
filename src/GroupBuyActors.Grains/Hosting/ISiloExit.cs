using Microsoft.Extensions.Hosting;

namespace GroupBuyActors.Hosting;

/// <summary>
/// Ends this process, because the cluster continues without it: nothing that it decides can be stored any more.
/// </summary>
internal interface ISiloExit
{
    /// <summary>Ends the process; may return before it has ended.</summary>
    void Exit(string why);
}

/// <summary>
/// Asks the host to stop, and exits after a grace period if it does not. A supervisor sees exit code 70 and restarts
/// the process.
/// </summary>
internal sealed class ProcessExit(IHostApplicationLifetime lifetime, TimeProvider time) : ISiloExit
{
    private const int ExitCode = 70;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private ITimer? _last;

    public void Exit(string why)
    {
        Environment.ExitCode = ExitCode;
        _last ??= time.CreateTimer(static _ => Environment.Exit(ExitCode), null, Grace, Timeout.InfiniteTimeSpan);
        lifetime.StopApplication();
    }
}
