using Microsoft.Extensions.Hosting;

namespace GroupBuyActors.Hosting;

/// <summary>
/// Ends this process, because the cluster goes on without it: nothing it decides can be stored any more.
/// </summary>
internal interface ISiloExit
{
    /// <summary>Ends the process; may return before it has.</summary>
    void Exit(string why);
}

/// <summary>
/// Asks the host to stop, and does not wait for ever: a supervisor sees exit code 70 and starts a new life.
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
