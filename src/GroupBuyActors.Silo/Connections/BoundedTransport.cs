using System.Net;
using Microsoft.AspNetCore.Connections;

namespace GroupBuyActors.Silo.Connections;

/// <summary>
/// What HTTP is served over, bounded by <see cref="ConnectionSlots"/>: the server's own limit gives a refused caller
/// no word, and keeps nothing for health.
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
