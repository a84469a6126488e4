using System.Net;
using System.Net.Sockets;
using System.Text;
using GroupBuyActors.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Silo.Tests.Connections;

/// <summary>Connections over real sockets, beyond what there may be.</summary>
public sealed class ConnectionTests
{
    private const int Slots = 16;

    [Fact]
    public async Task WhereAllPlacesAreInUseACallerIsTold503AndHealthIsAnswered()
    {
        await using var silo = await ServeAsync("--GroupBuy:Edge:ConnectionsMax", $"{Slots}");
        using var holding = new Sockets();
        for (var n = 0; n < Slots; n++)
            Assert.StartsWith(
                "HTTP/1.1 200",
                await holding.QueryAsync(silo.Url, "/health/live"),
                StringComparison.Ordinal
            );

        var told = await holding.QueryAsync(silo.Url, "/v1/groups");
        Assert.StartsWith("HTTP/1.1 503", told, StringComparison.Ordinal);
        Assert.Contains("connections.exhausted", told, StringComparison.Ordinal);
        Assert.Contains("Connection: close", told, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Retry-After: 1", told, StringComparison.OrdinalIgnoreCase);
        Assert.StartsWith("HTTP/1.1 200", await holding.QueryAsync(silo.Url, "/health/live"), StringComparison.Ordinal);
        Assert.StartsWith(
            "HTTP/1.1 200",
            await holding.QueryAsync(silo.Url, "/health/ready"),
            StringComparison.Ordinal
        );

        holding.Dispose();
        await Api.Until(async () =>
            (await new Sockets().QueryAsync(silo.Url, "/v1/groups")).StartsWith(
                "HTTP/1.1 200",
                StringComparison.Ordinal
            )
        );
    }

    [Fact]
    public async Task SilentConnectionsGiveWayToOneThatAsks()
    {
        await using var silo = await ServeAsync("--GroupBuy:Edge:ConnectionsMax", $"{Slots}");
        using var sockets = new Sockets();
        for (var n = 0; n < 4 * Slots; n++)
            await sockets.TryOpenAsync(silo.Url);
        await Api.Until(async () =>
            (await sockets.QueryAsync(silo.Url, "/v1/groups")).StartsWith("HTTP/1.1 200", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET /v1/groups HTTP/1.1\r\nHost: localhost\r\n")]
    public async Task AConnectionWithoutAWholeRequestIsEnded(string begun)
    {
        await using var silo = await ServeAsync("--GroupBuy:Edge:Silence", "00:00:01");
        using var sockets = new Sockets();
        var stream = await sockets.OpenAsync(silo.Url);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(begun), TestContext.Current.CancellationToken);
        Assert.True(await EndsAsync(stream), "It is still open.");
    }

    [Fact]
    public async Task AConnectionThatIsIdleBetweenTwoRequestsIsEnded()
    {
        await using var silo = await ServeAsync("--GroupBuy:Edge:Idle", "00:00:01");
        using var sockets = new Sockets();
        await sockets.QueryAsync(silo.Url, "/health/live");
        Assert.True(await EndsAsync(sockets.Last), "It is still open.");
    }

    [Fact]
    public async Task ASilentConnectionAtAPortOfOrleansIsEnded()
    {
        await using var silo = await ServeAsync();
        var cluster = silo.Services.GetRequiredService<SiloSettings>().Cluster;
        using var sockets = new Sockets();
        foreach (var port in (int[])[cluster.SiloPort, cluster.GatewayPort])
            Assert.True(
                await EndsAsync(await sockets.OpenAsync(new Uri($"http://127.0.0.1:{port}"))),
                $"It is still open at {port}."
            );
    }

    private static async Task<ServingSilo> ServeAsync(params string[] settings)
    {
        var silo = new ServingSilo(settings);
        await silo.InitializeAsync();
        return silo;
    }

    private static async Task<bool> EndsAsync(NetworkStream stream)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var rest = new byte[1024];
        try
        {
            while (await stream.ReadAsync(rest, limit.Token) > 0) { }
            return true;
        }
        catch (IOException)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private sealed class ServingSilo(string[] settings) : TestSilo(settings);
}

/// <summary>Connections that a test holds open.</summary>
internal sealed class Sockets : IDisposable
{
    private readonly List<Socket> _open = [];

    public NetworkStream Last { get; private set; } = null!;

    public async Task<NetworkStream> OpenAsync(Uri to)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        lock (_open)
            _open.Add(socket);
        await socket.ConnectAsync(IPAddress.Loopback, to.Port, TestContext.Current.CancellationToken);
        return Last = new NetworkStream(socket);
    }

    /// <summary>The same where the other side may close it at once.</summary>
    public async Task TryOpenAsync(Uri to)
    {
        try
        {
            await OpenAsync(to);
        }
        catch (SocketException)
        {
            // Refused, which is one of the things that may happen to it.
        }
    }

    /// <summary>
    /// Asks on a new connection, which stays open, and gives what came with the first packets; nothing where it was
    /// closed.
    /// </summary>
    public async Task<string> QueryAsync(Uri to, string path)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            var stream = await OpenAsync(to);
            await stream.WriteAsync(
                Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                limit.Token
            );
            var answer = new StringBuilder();
            var buffer = new byte[16 * 1024];
            while (!answer.ToString().Contains("\r\n\r\n", StringComparison.Ordinal) || answer[^1] is not ('\n' or '}'))
            {
                var read = await stream.ReadAsync(buffer, limit.Token);
                if (read == 0)
                    break;
                answer.Append(Encoding.UTF8.GetString(buffer, 0, read));
            }

            return answer.ToString();
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            return "";
        }
    }

    public void Dispose()
    {
        lock (_open)
        {
            foreach (var socket in _open)
                socket.Dispose();
            _open.Clear();
        }
    }
}
