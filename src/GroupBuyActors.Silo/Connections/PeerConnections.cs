using System.Net;
using Microsoft.AspNetCore.Connections;
using Orleans.Configuration;

namespace GroupBuyActors.Silo.Connections;

/// <summary>
/// Bounds what comes in at one of Orleans' ports, by number and by silence: a stranger who connects there and says
/// nothing must not take the descriptors that the silo lives on. Other silos and clients introduce themselves with
/// their first bytes.
/// </summary>
internal sealed class PeerConnections(IConnectionListenerFactory inner, ConnectionMetrics metrics, int max)
    : IConnectionListenerFactory
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);
    private int _count;

    /// <summary>
    /// Connections of one port: a thirty-second of the descriptors, far above the number of silos that such a machine
    /// serves with.
    /// </summary>
    public static int MaxOf(int? limit) => limit is { } all ? Math.Clamp(all / 32, 32, 1_000) : 1_000;

    /// <summary>Bounds the silo port and the gateway port, each by itself.</summary>
    public static void Bound(ISiloBuilder silo)
    {
        var listeners = silo.Services.Where(IsOfOrleans).ToList();
        if (listeners.Count == 0)
            throw new InvalidOperationException(
                "The listeners of the silo and gateway ports were not found, so their connections cannot be limited."
            );
        foreach (var listener in listeners)
            silo.Services.Remove(listener);
        foreach (var listener in listeners)
            silo.Services.AddKeyedSingleton(listener.ServiceKey, Bounded(listener.KeyedImplementationFactory!));
        silo.Configure<SiloConnectionOptions>(options =>
        {
            options.ConfigureSiloInboundConnection(connections => connections.Use(EndSilent));
            options.ConfigureGatewayInboundConnection(connections => connections.Use(EndSilent));
        });
    }

    public async ValueTask<IConnectionListener> BindAsync(
        EndPoint endpoint,
        CancellationToken cancellationToken = default
    )
    {
        var listener = await inner.BindAsync(endpoint, cancellationToken);
        if (endpoint is IPEndPoint { Port: var port })
            metrics.Observe(port, () => Volatile.Read(ref _count));
        return new BoundedListener(listener, Take);
    }

    // The web server's own have no keys.
    private static bool IsOfOrleans(ServiceDescriptor service) =>
        service is { IsKeyedService: true, KeyedImplementationFactory: not null }
        && service.ServiceType == typeof(IConnectionListenerFactory);

    private static Func<IServiceProvider, object?, IConnectionListenerFactory> Bounded(
        Func<IServiceProvider, object?, object> listener
    ) =>
        (services, key) =>
            new PeerConnections(
                (IConnectionListenerFactory)listener(services, key),
                services.GetRequiredService<ConnectionMetrics>(),
                MaxOf(Descriptors.Limit)
            );

    private Action? Take(ConnectionContext connection)
    {
        if (Interlocked.Increment(ref _count) > max)
        {
            Interlocked.Decrement(ref _count);
            metrics.PeerRefused();
            return null;
        }

        var isTaken = 1;
        void Release()
        {
            if (Interlocked.Exchange(ref isTaken, 0) == 1)
                Interlocked.Decrement(ref _count);
        }

        // Whichever comes first: how Orleans ends a connection is its own affair.
        connection.ConnectionClosed.Register(Release);
        return Release;
    }

    private static ConnectionDelegate EndSilent(ConnectionDelegate next) =>
        async connection =>
        {
            if (await IntroducesItselfAsync(connection))
                await next(connection);
            else
                connection.Abort();
        };

    private static async Task<bool> IntroducesItselfAsync(ConnectionContext connection)
    {
        using var silent = new CancellationTokenSource(Silence, TimeProvider.System);
        try
        {
            var read = await connection.Transport.Input.ReadAsync(silent.Token);
            // Nothing is taken: whoever is next reads the same from its beginning.
            connection.Transport.Input.AdvanceTo(read.Buffer.Start);
            return !read.Buffer.IsEmpty;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
