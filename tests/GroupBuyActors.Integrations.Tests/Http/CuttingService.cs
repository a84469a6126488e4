using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GroupBuyActors.Integrations.Tests.Http;

/// <summary>A service whose connections break: it reads a request, says so much of an answer, and closes.</summary>
internal sealed class CuttingService : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _serving;
    private int _requests;

    /// <summary>Says these in turn, the last for ever.</summary>
    public CuttingService(params string[] sayings)
    {
        _listener.Start();
        _serving = ServeAsync(sayings);
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

    public int Requests => Volatile.Read(ref _requests);

    private async Task ServeAsync(string[] sayings)
    {
        try
        {
            while (true)
            {
                using var connection = await _listener.AcceptSocketAsync(_end.Token);
                await ReadHeadAndBodyAsync(connection);
                var n = Interlocked.Increment(ref _requests);
                var saying = sayings[Math.Min(n, sayings.Length) - 1];
                if (saying.Length > 0)
                    await connection.SendAsync(Encoding.ASCII.GetBytes(saying), _end.Token);
                connection.Shutdown(SocketShutdown.Both);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ReadHeadAndBodyAsync(Socket connection)
    {
        var text = new StringBuilder();
        var buffer = new byte[8192];
        while (true)
        {
            var read = await connection.ReceiveAsync(buffer, _end.Token);
            if (read == 0)
                return;
            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
            var all = text.ToString();
            var head = all.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (head < 0)
                continue;
            var length = all.Split("\r\n")
                .Select(line => line.Split(": "))
                .FirstOrDefault(line => line[0].Equals("Content-Length", StringComparison.OrdinalIgnoreCase));
            if (
                Encoding.UTF8.GetByteCount(all[(head + 4)..])
                >= (length is null ? 0 : int.Parse(length[1], System.Globalization.CultureInfo.InvariantCulture))
            )
                return;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _serving;
        _listener.Dispose();
        _end.Dispose();
    }
}
