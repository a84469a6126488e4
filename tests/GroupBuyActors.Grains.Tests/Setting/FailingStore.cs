using System.Reflection;
using GroupBuyActors.Store.Tasks;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Setting;

/// <summary>The real task store, whose readings of the horizon fail as often as a test says.</summary>
internal class FailingStore : DispatchProxy
{
    private ITaskStore _inner = null!;
    private int _failures;

    /// <summary>Readings that fail from now on.</summary>
    public int Failures
    {
        get => Volatile.Read(ref _failures);
        set => Volatile.Write(ref _failures, value);
    }

    /// <summary>Puts it before the store that is registered.</summary>
    public static void Register(IServiceCollection services)
    {
        var registered = services.Last(service => service.ServiceType == typeof(ITaskStore));
        services.Remove(registered);
        services.AddSingleton(provider =>
        {
            var store = Create<ITaskStore, FailingStore>();
            ((FailingStore)store)._inner = (ITaskStore)(
                registered.ImplementationFactory?.Invoke(provider)
                ?? ActivatorUtilities.CreateInstance(provider, registered.ImplementationType!)
            );
            return store;
        });
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        targetMethod!.Name == nameof(ITaskStore.ReadHorizonAsync) && Interlocked.Decrement(ref _failures) >= 0
            ? Task.FromException<HorizonReading>(new TimeoutException("As the test wants it."))
            : targetMethod.Invoke(_inner, args);
}
