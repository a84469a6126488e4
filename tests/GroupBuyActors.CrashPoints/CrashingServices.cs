using GroupBuyActors.Committing;
using GroupBuyActors.Ports;
using GroupBuyActors.Reading;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.CrashPoints;

/// <summary>Puts the point's crash around what does the steps.</summary>
internal static class CrashingServices
{
    public static void Surround(IServiceCollection services, CrashPoint point)
    {
        Surround<ICommitter>(services, inner => new CrashingCommitter(inner, point));
        Surround<IActorReader>(services, inner => new CrashingReader(inner, point));
        Surround<IInventory>(services, inner => new CrashingInventory(inner, point));
        Surround<IPayments>(services, inner => new CrashingPayments(inner, point));
        Surround<INotices>(services, inner => new CrashingNotices(inner, point));
    }

    private static void Surround<T>(IServiceCollection services, Func<T, T> around)
        where T : class
    {
        var inner = services.Last(service => service.ServiceType == typeof(T) && !service.IsKeyedService);
        services.Remove(inner);
        services.AddSingleton(provider =>
            around(
                (T)(
                    inner.ImplementationInstance
                    ?? inner.ImplementationFactory?.Invoke(provider)
                    ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!)
                )
            )
        );
    }
}
