using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GroupBuyActors.Browser;

/// <summary>A page that is not the silo's, served on another port of this machine.</summary>
internal sealed class ForeignPage : IDisposable
{
    private const string Page =
        "<!doctype html><title>Elsewhere</title><link rel=icon href=data:,><h1>Win a prize</h1>";

    private readonly TcpListener _listener = new(IPAddress.IPv6Any, 0);

    public ForeignPage()
    {
        _listener.Server.DualMode = true;
        _listener.Start();
        _ = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose() => _listener.Dispose();

    // Until the listener is gone, which ends the wait for the next caller.
    private async Task ServeAsync()
    {
        try
        {
            while (true)
                await AnswerAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException) { }
    }

    private static async Task AnswerAsync(TcpClient caller)
    {
        using var connection = caller;
        await using var stream = connection.GetStream();
        using var request = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        while (await request.ReadLineAsync() is { Length: > 0 }) { }

        var head =
            $"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {Page.Length}\r\nConnection: close\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head + Page));
    }
}
