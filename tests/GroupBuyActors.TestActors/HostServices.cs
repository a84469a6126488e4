using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace GroupBuyActors.TestActors;

/// <summary>
/// Changes what is in the host that this process builds: it hears that the host is about to be built, when everything
/// is in it that the program put there.
/// </summary>
internal sealed class HostServices(Action<IServiceCollection> change)
    : IObserver<DiagnosticListener>,
        IObserver<KeyValuePair<string, object?>>
{
    public static void Change(Action<IServiceCollection> change) =>
        DiagnosticListener.AllListeners.Subscribe(new HostServices(change));

    public void OnNext(DiagnosticListener listener)
    {
        if (listener.Name == "Microsoft.Extensions.Hosting")
            listener.Subscribe(this);
    }

    public void OnNext(KeyValuePair<string, object?> told)
    {
        if (told is { Key: "HostBuilding", Value: IHostBuilder host })
            host.ConfigureServices(change);
    }

    public void OnCompleted() { }

    public void OnError(Exception error) { }
}
