using System.Net;
using System.Net.Sockets;
using GroupBuyActors.Silo.Settings;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Silo.Auth;

/// <summary>
/// Listens only on loopback addresses. The check is made when an address is bound, because addresses come from several
/// settings, and the server also binds addresses that are added to its configuration while it runs.
/// </summary>
internal sealed class LoopbackTransport(IOptions<SocketTransportOptions> options, ILoggerFactory logs)
    : IConnectionListenerFactory,
        IConnectionListenerFactorySelector
{
    private readonly SocketTransportFactory _sockets = new(options, logs);

    public bool CanBind(EndPoint endpoint) => _sockets.CanBind(endpoint);

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        if (!IsLoopback(endpoint))
            throw new StartException($"{LoopbackRule.Message($"{endpoint}")}.");
        return _sockets.BindAsync(endpoint, cancellationToken);
    }

    private static bool IsLoopback(EndPoint endpoint) =>
        endpoint is UnixDomainSocketEndPoint
        || (endpoint is IPEndPoint internet && IPAddress.IsLoopback(internet.Address));
}
