using GroupBuyActors.CrashPoints;
using GroupBuyActors.TestActors;

/// <summary>
/// Makes the silo that people run die at a step, without a line for it in the silo: the runtime calls this before the
/// program begins (<c>DOTNET_STARTUP_HOOKS</c>), and when its host is put together, the committer and the ports in it
/// are replaced by ones around them.
/// </summary>
internal static class StartupHook
{
    public static void Initialize()
    {
        if (CrashPoint.FromEnvironment() is { } point)
            HostServices.Change(services => CrashingServices.Surround(services, point));
    }
}
