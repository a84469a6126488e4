using GroupBuyActors.Ports;
using GroupBuyActors.Sandbox.Books;
using GroupBuyActors.Sandbox.Faults;
using GroupBuyActors.Sandbox.Ports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace GroupBuyActors.Sandbox;

/// <summary>Registers the sandbox.</summary>
public static class SandboxServices
{
    /// <summary>
    /// Registers the sandbox as <see cref="IInventory"/>, <see cref="IPayments"/> and <see cref="INotices"/>, its books
    /// as <see cref="IPaymentBooks"/> and <see cref="IStockBooks"/>, and <see cref="SandboxControl"/> for operators.
    /// Needs the store and its database.
    /// </summary>
    public static IServiceCollection AddGroupBuySandbox(this IServiceCollection services)
    {
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<SandboxDatabase>();
        services.TryAddSingleton<SandboxBooks>();
        services.TryAddSingleton<OldCalls>();
        services.TryAddSingleton(provider => new SandboxFaults(
            provider.GetRequiredService<SandboxBooks>(),
            provider.GetRequiredService<TimeProvider>(),
            Dice()
        ));
        services.TryAddSingleton<FaultInjector>();
        services.TryAddSingleton<IInventory, SandboxInventory>();
        services.TryAddSingleton<IPayments, SandboxPayments>();
        services.TryAddSingleton<INotices, SandboxNotices>();
        services.TryAddSingleton<IPaymentBooks, SandboxPaymentBooks>();
        services.TryAddSingleton<IStockBooks, SandboxStockBooks>();
        services.TryAddSingleton(provider => new SandboxControl(
            provider.GetRequiredService<SandboxDatabase>(),
            provider.GetRequiredService<SandboxBooks>(),
            provider.GetRequiredService<SandboxFaults>(),
            provider.GetRequiredService<OldCalls>()
        ));
        return services;
    }

    private static Func<double> Dice()
    {
        var random = new Random();
        var gate = new Lock();
        return () =>
        {
            lock (gate)
                return random.NextDouble();
        };
    }
}
