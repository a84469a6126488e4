using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace GroupBuyActors.Benchmarks.Cluster;

/// <summary>
/// The silo that people run, with the failure detection that Orleans has by default and no other: what ours is compared
/// with. The runtime loads this assembly into the silo and calls its <c>StartupHook</c>.
/// </summary>
internal static class OrleansDefaults
{
    /// <summary>What to start the silo with.</summary>
    public static IReadOnlyDictionary<string, string?> Environment { get; } =
        new Dictionary<string, string?>
        {
            ["DOTNET_STARTUP_HOOKS"] = typeof(OrleansDefaults).Assembly.Location,
            ["GroupBuy__Cluster__DeathDetection"] = "false",
        };

    /// <summary>
    /// Puts the options of membership and directory back to their defaults, whatever set them before.
    /// </summary>
    public static void Restore(IServiceCollection services)
    {
        services.PostConfigure<ClusterMembershipOptions>(Restore);
        services.PostConfigure<GrainDirectoryOptions>(Restore);
    }

    private static void Restore<TOptions>(TOptions options)
        where TOptions : class, new()
    {
        var defaults = new TOptions();
        foreach (var option in typeof(TOptions).GetProperties().Where(option => option.CanWrite))
            option.SetValue(options, option.GetValue(defaults));
    }
}
