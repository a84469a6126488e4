using System.Net;
using Microsoft.AspNetCore.Connections;
using Orleans.Configuration;

namespace GroupBuyActors.Silo.Connections;

/// <summary>
/// Bounds the inbound connections of one of Orleans' ports, by number and by time without a first byte: connections
/// that send nothing must not use up the silo's file descriptors. Other silos and clients send bytes at once.
/// </summary>
internal sealed class PeerConnections(IConnectionListenerFactory inner, ConnectionMetrics metrics, int max)
    : IConnectionListenerFactory
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);
    private int _count;

    /// <summary>
    /// Connections of one port: one thirty-second of the descriptors, far above the number of silos of a cluster.
    /// </summary>
    public static int MaxOf(int? limit) => limit is { } all ? Math.Clamp(all / 32, 32, 1_000) : 1_000;

    /// <summary>Bounds the silo port and the gateway port separately.</summary>
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

    // The web server's listener factories have no keys.
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

        // Released by whichever comes first, because Orleans does not always dispose a connection that it has ended.
        connection.ConnectionClosed.Register(Release);
        return Release;
    }

    private static ConnectionDelegate EndSilent(ConnectionDelegate next) =>
        async connection =>
        {
            if (await SendsFirstBytesAsync(connection))
                await next(connection);
            else
                connection.Abort();
        };

    private static async Task<bool> SendsFirstBytesAsync(ConnectionContext connection)
    {
        using var silent = new CancellationTokenSource(Silence, TimeProvider.System);
        try
        {
            var read = await connection.Transport.Input.ReadAsync(silent.Token);
            // Nothing is consumed: the next reader gets the same bytes.
            connection.Transport.Input.AdvanceTo(read.Buffer.Start);
            return !read.Buffer.IsEmpty;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
