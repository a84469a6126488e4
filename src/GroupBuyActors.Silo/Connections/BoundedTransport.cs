using System.Net;
using Microsoft.AspNetCore.Connections;

namespace GroupBuyActors.Silo.Connections;

/// <summary>
/// The transport of HTTP, bounded by <see cref="ConnectionSlots"/>. The server's own limit gives a refused caller no
/// answer, and reserves no connections for health checks.
/// </summary>
internal sealed class BoundedTransport<TTransport>(TTransport inner, ConnectionSlots slots)
    : IConnectionListenerFactory,
        IConnectionListenerFactorySelector
    where TTransport : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => inner.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(
        EndPoint endpoint,
        CancellationToken cancellationToken = default
    ) => new BoundedListener(await inner.BindAsync(endpoint, cancellationToken), Take);

    private Action? Take(ConnectionContext connection)
    {
        if (slots.TryTake(connection.Abort) is not { } slot)
            return null;
        connection.Features.Set(slot);
        return () => slots.Release(slot);
    }
}
