using GroupBuyActors.Benchmarks.Cluster;
using GroupBuyActors.TestActors;

/// <summary>Called by the runtime in a silo that is started with <see cref="OrleansDefaults.Environment"/>.</summary>
internal static class StartupHook
{
    public static void Initialize() => HostServices.Change(OrleansDefaults.Restore);
}
