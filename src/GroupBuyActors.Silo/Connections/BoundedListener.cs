using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace GroupBuyActors.Silo.Connections;

/// <summary>
/// Takes a slot for an accepted connection; returns the action that releases it when the connection is closed, or null
/// if the connection must be closed at once.
/// </summary>
internal delegate Action? AcceptConnection(ConnectionContext connection);

/// <summary>
/// A listener that applies a bound when it accepts a connection. A later check, in the server or its pipeline, would be
/// made when many more connections may be accepted, each with a file descriptor.
/// </summary>
internal sealed class BoundedListener(IConnectionListener inner, AcceptConnection take) : IConnectionListener
{
    public EndPoint EndPoint => inner.EndPoint;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await inner.AcceptAsync(cancellationToken) is { } connection)
        {
            if (take(connection) is { } release)
                return new Connection(connection, release);
            await CloseAsync(connection);
        }

        return null;
    }

    private static async Task CloseAsync(ConnectionContext connection)
    {
        try
        {
            connection.Abort();
            await connection.DisposeAsync();
        }
        catch (Exception)
        {
            // An exception here would end the accept loop.
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => inner.UnbindAsync(cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <summary>A connection that releases its slot when its socket is closed.</summary>
    private sealed class Connection(ConnectionContext inner, Action release) : ConnectionContext
    {
        private Action? _release = release;

        public override string ConnectionId
        {
            get => inner.ConnectionId;
            set => inner.ConnectionId = value;
        }

        public override IFeatureCollection Features => inner.Features;

        public override IDictionary<object, object?> Items
        {
            get => inner.Items;
            set => inner.Items = value;
        }

        public override IDuplexPipe Transport
        {
            get => inner.Transport;
            set => inner.Transport = value;
        }

        public override CancellationToken ConnectionClosed
        {
            get => inner.ConnectionClosed;
            set => inner.ConnectionClosed = value;
        }

        public override EndPoint? LocalEndPoint
        {
            get => inner.LocalEndPoint;
            set => inner.LocalEndPoint = value;
        }

        public override EndPoint? RemoteEndPoint
        {
            get => inner.RemoteEndPoint;
            set => inner.RemoteEndPoint = value;
        }

        public override void Abort(ConnectionAbortedException abortReason) => inner.Abort(abortReason);

        public override void Abort() => inner.Abort();

        public override async ValueTask DisposeAsync()
        {
            await inner.DisposeAsync();
            Interlocked.Exchange(ref _release, null)?.Invoke();
        }
    }
}
