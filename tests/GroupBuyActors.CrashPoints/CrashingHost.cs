using System.Diagnostics;
using GroupBuyActors.Committing;
using GroupBuyActors.Ports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace GroupBuyActors.CrashPoints;

/// <summary>Hears that a host is about to be built, and puts the point's crash around what is in it.</summary>
internal sealed class CrashingHost(CrashPoint point)
    : IObserver<DiagnosticListener>,
        IObserver<KeyValuePair<string, object?>>
{
    public static void Arm(CrashPoint point) => DiagnosticListener.AllListeners.Subscribe(new CrashingHost(point));

    public void OnNext(DiagnosticListener listener)
    {
        if (listener.Name == "Microsoft.Extensions.Hosting")
            listener.Subscribe(this);
    }

    public void OnNext(KeyValuePair<string, object?> told)
    {
        if (told is { Key: "HostBuilding", Value: IHostBuilder host })
            host.ConfigureServices(Surround);
    }

    public void OnCompleted() { }

    public void OnError(Exception error) { }

    private void Surround(IServiceCollection services)
    {
        Surround<ICommitter>(services, inner => new CrashingCommitter(inner, point));
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
