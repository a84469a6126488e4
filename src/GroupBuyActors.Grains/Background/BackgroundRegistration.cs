using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Background;

/// <summary>Registers background loops.</summary>
internal static class BackgroundRegistration
{
    /// <summary>Adds a loop that the supervisor starts and stops with the silo.</summary>
    public static IServiceCollection AddBackgroundLoop<TLoop>(this IServiceCollection services)
        where TLoop : BackgroundLoop
    {
        services.AddSingleton<TLoop>();
        services.AddSingleton<BackgroundLoop>(static provider => provider.GetRequiredService<TLoop>());
        return services;
    }
}
