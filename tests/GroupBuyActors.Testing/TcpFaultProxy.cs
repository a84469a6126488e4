using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GroupBuyActors.Testing;

/// <summary>Where a fault hits a packet of the client.</summary>
public enum FaultPoint
{
    /// <summary>The server never sees the packet.</summary>
    BeforeForwarding,

    /// <summary>The server gets the packet and goes on working; the client is cut off at once.</summary>
    AfterForwarding,

    /// <summary>The server's whole answer arrived at the proxy and is thrown away.</summary>
    AtAnswer,
}

/// <summary>
/// A TCP proxy in front of a MySQL-compatible server that cuts, holds and freezes connections where a test says. It
/// understands as much of the protocol as it takes to see the client's packets whole. Under TLS it could not: it takes
/// the offer of TLS out of the server's greeting, so that a client that only prefers TLS goes without, and one that
/// insists on it fails at once.
/// </summary>
public sealed class TcpFaultProxy : IAsyncDisposable
{
    /// <summary>How long connections that were cut may take to end.</summary>
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(30);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private volatile Tuple<string, int> _server;
    private readonly ConcurrentDictionary<ProxiedConnection, Task> _connections = new();
    private readonly Lock _gate = new();
    private readonly List<ProxyFault> _faults = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private readonly ConcurrentQueue<Exception> _unread = new();
    private TaskCompletionSource _thawed = Completed();
    private volatile bool _refusing;
    private int _accepted;

    private TcpFaultProxy(string host, int port)
    {
        _server = Tuple.Create(host, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where the proxy listens on the loopback address.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections accepted so far.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Starts a proxy in front of a server.</summary>
    public static TcpFaultProxy Start(string host, int port) => new(host, port);

    /// <summary>Starts a proxy in front of a database server.</summary>
    public static TcpFaultProxy Start(MariaDbServer server) => new(server.Host, server.Port);

    /// <summary>
    /// Cuts the connection of the first packet from now on that matches; <see cref="ProxyFault.Hit"/> completes then.
    /// </summary>
    public ProxyFault Cut(FaultPoint point, Func<ClientPacket, bool> match) =>
        Arm(new ProxyFault(match, point, hold: false));

    /// <summary>
    /// Cuts the connection of the first packet from now on that contains the text (ASCII, in any case).
    /// </summary>
    public ProxyFault Cut(FaultPoint point, string text) => Cut(point, p => p.Contains(text));

    /// <summary>
    /// Holds the first packet from now on that matches back from the server until <see cref="ProxyFault.Release"/>.
    /// </summary>
    public ProxyFault Hold(Func<ClientPacket, bool> match) =>
        Arm(new ProxyFault(match, FaultPoint.BeforeForwarding, hold: true));

    /// <summary>Holds the first packet from now on that contains the text.</summary>
    public ProxyFault Hold(string text) => Hold(p => p.Contains(text));

    /// <summary>Stops carrying bytes, both ways; connections stay open, as with a frozen process or network.</summary>
    public void Freeze()
    {
        lock (_gate)
            if (_thawed.Task.IsCompleted)
                _thawed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Carries on after <see cref="Freeze"/>.</summary>
    public void Resume()
    {
        lock (_gate)
            _thawed.TrySetResult();
    }

    /// <summary>How much longer every packet of a client takes on its way to the server.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Cuts all connections; new ones are served unless <see cref="Refuse"/> is on.</summary>
    public void CutAll()
    {
        foreach (var connection in _connections.Keys)
            connection.Cut();
    }

    /// <summary>Serves new connections from another server, as a name that follows the primary does.</summary>
    public void Redirect(MariaDbServer server) => _server = Tuple.Create(server.Host, server.Port);

    /// <summary>Accepts and closes at once every new connection, until turned off.</summary>
    public void Refuse(bool on) => _refusing = on;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        Resume();
        lock (_gate)
            foreach (var fault in _faults)
                fault.Release();
        CutAll();
        await _accepting;
        await Task.WhenAll(_connections.Values).WaitAsync(EndPatience);
        _stop.Dispose();
        if (_unread.TryPeek(out var first))
            throw new InvalidOperationException(
                $"The proxy could not read what passed through it: {first.Message}",
                first
            );
    }

    internal Task Thawed
    {
        get
        {
            lock (_gate)
                return _thawed.Task;
        }
    }

    internal ProxyFault? Match(ClientPacket packet)
    {
        lock (_gate)
        {
            var fault = _faults.Find(f => f.Matches(packet));
            if (fault is not null)
                _faults.Remove(fault);
            return fault;
        }
    }

    private ProxyFault Arm(ProxyFault fault)
    {
        lock (_gate)
            _faults.Add(fault);
        return fault;
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync(_stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
            Interlocked.Increment(ref _accepted);
            if (_refusing)
                client.Dispose();
            else
                Serve(client);
        }
    }

    private void Serve(TcpClient client)
    {
        var (host, port) = _server;
        var connection = new ProxiedConnection(this, client, host, port);
        // Registered before it runs, so that a cut of all connections misses none.
        var ended = new TaskCompletionSource();
        _connections[connection] = ended.Task;
        _ = Task.Run(async () =>
        {
            try
            {
                await connection.RunAsync();
            }
            catch (Exception e)
            {
                // Told when the proxy ends, whatever became of the test: a connection that ends for no reason is hard
                // to understand.
                _unread.Enqueue(e);
            }
            _connections.TryRemove(connection, out _);
            ended.SetResult();
        });
    }

    private static TaskCompletionSource Completed()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }
}

/// <summary>
/// A packet of the client: its number on its connection (from 0, the answer to the greeting) and its bytes after the
/// header.
/// </summary>
public readonly record struct ClientPacket(int Number, ReadOnlyMemory<byte> Body)
{
    /// <summary>True where the body contains the text (ASCII, in any case).</summary>
    public bool Contains(string text) =>
        Encoding.Latin1.GetString(Body.Span).Contains(text, StringComparison.OrdinalIgnoreCase);
}

/// <summary>A fault that waits for its packet.</summary>
public sealed class ProxyFault
{
    private readonly Func<ClientPacket, bool> _match;
    private readonly TaskCompletionSource _hit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How long a test waits for a packet that does not come: longer than anything takes that works.</summary>
    public static readonly TimeSpan HitPatience = TimeSpan.FromSeconds(60);

    internal ProxyFault(Func<ClientPacket, bool> match, FaultPoint point, bool hold) =>
        (_match, Point, Holds) = (match, point, hold);

    internal FaultPoint Point { get; }
    internal bool Holds { get; }
    internal Task Released => _released.Task;

    /// <summary>True once the packet came.</summary>
    public bool IsHit => _hit.Task.IsCompleted;

    /// <summary>Completes when the packet came; fails where none comes within <see cref="HitPatience"/>.</summary>
    public Task Hit => IsHit ? _hit.Task : WaitForHitAsync();

    /// <summary>Lets a held packet go on.</summary>
    public void Release() => _released.TrySetResult();

    internal bool Matches(ClientPacket packet) => _match(packet);

    internal void Signal() => _hit.TrySetResult();

    private async Task WaitForHitAsync()
    {
        try
        {
            await _hit.Task.WaitAsync(HitPatience);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException(
                $"In {HitPatience.TotalSeconds} s the proxy saw no packet that the fault waits for.",
                e
            );
        }
    }
}

/// <summary>One client's connection and the server's behind it.</summary>
internal sealed class ProxiedConnection(TcpFaultProxy proxy, TcpClient client, string host, int port)
{
    private const byte Ok = 0x00;
    private const byte Error = 0xFF;
    private readonly TcpClient _server = new();
    private volatile bool _discardAnswers;
    private ProxyFault? _atAnswer;

    public async Task RunAsync()
    {
        using (client)
        using (_server)
        {
            try
            {
                client.NoDelay = _server.NoDelay = true;
                await _server.ConnectAsync(host, port);
                await Task.WhenAll(CutAfterFailureAsync(PumpPacketsAsync()), CutAfterFailureAsync(PumpAnswersAsync()));
            }
            catch (Exception e) when (IsEnd(e))
            {
                Cut();
            }
        }
    }

    public void Cut()
    {
        CutClient();
        _server.Dispose();
    }

    /// <summary>Of two directions one would wait for ever where the other has failed.</summary>
    private async Task CutAfterFailureAsync(Task pump)
    {
        try
        {
            await pump;
        }
        catch
        {
            Cut();
            throw;
        }
    }

    private void CutClient()
    {
        _discardAnswers = true;
        client.Dispose();
    }

    private async Task PumpPacketsAsync()
    {
        try
        {
            var from = client.GetStream();
            var to = _server.GetStream();
            var header = new byte[4];
            for (var number = 0; ; number++)
            {
                await from.ReadExactlyAsync(header);
                var length = BinaryPrimitives.ReadInt32LittleEndian(header) & 0xFFFFFF;
                var packet = new byte[4 + length];
                header.CopyTo(packet, 0);
                await from.ReadExactlyAsync(packet.AsMemory(4));
                await proxy.Thawed;
                if (proxy.Delay is { Ticks: > 0 } delay)
                    await Task.Delay(delay);
                if (!await ForwardAsync(to, packet, number))
                    return;
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // The client is gone: the server sees the end of its input after all that was sent.
            if (!_discardAnswers)
                _server.Dispose();
        }
    }

    private async Task<bool> ForwardAsync(NetworkStream to, byte[] packet, int number)
    {
        var fault = proxy.Match(new ClientPacket(number, packet.AsMemory(4)));
        if (fault is null)
        {
            await to.WriteAsync(packet);
            return true;
        }
        if (fault.Holds)
        {
            fault.Signal();
            await fault.Released;
            await to.WriteAsync(packet);
            return true;
        }
        switch (fault.Point)
        {
            case FaultPoint.BeforeForwarding:
                Cut();
                fault.Signal();
                return false;
            case FaultPoint.AfterForwarding:
                await to.WriteAsync(packet);
                CutClient();
                fault.Signal();
                return false;
            default:
                _atAnswer = fault;
                await to.WriteAsync(packet);
                return true;
        }
    }

    private async Task PumpAnswersAsync()
    {
        try
        {
            var from = _server.GetStream();
            await ForwardGreetingAsync(from);
            var buffer = new byte[64 * 1024];
            var answer = new MemoryStream();
            while (true)
            {
                var read = await from.ReadAsync(buffer);
                if (read == 0)
                    break;
                await proxy.Thawed;
                if (_atAnswer is { } fault)
                {
                    answer.Write(buffer, 0, read);
                    if (!IsWhole(answer.GetBuffer().AsSpan(0, (int)answer.Length)))
                        continue;
                    Cut();
                    fault.Signal();
                    return;
                }
                // The server's answers to a packet whose client was cut off are read, so that it works on undisturbed.
                if (!_discardAnswers)
                    await client.GetStream().WriteAsync(buffer.AsMemory(0, read));
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // Ends below.
        }
        Cut();
    }

    /// <summary>The server's first packet, which says what it can do.</summary>
    private async Task ForwardGreetingAsync(NetworkStream from)
    {
        var header = new byte[4];
        await from.ReadExactlyAsync(header);
        var packet = new byte[4 + (BinaryPrimitives.ReadInt32LittleEndian(header) & 0xFFFFFF)];
        header.CopyTo(packet, 0);
        await from.ReadExactlyAsync(packet.AsMemory(4));
        WithoutTls(packet.AsSpan(4));
        await proxy.Thawed;
        if (!_discardAnswers)
            await client.GetStream().WriteAsync(packet);
    }

    /// <summary>
    /// Version, its text up to a zero, thread id, eight bytes of salt and a zero; then the capabilities' lower half.
    /// </summary>
    private static void WithoutTls(Span<byte> greeting)
    {
        const byte TlsInSecondByte = 0x08;
        if (greeting.IsEmpty || greeting[0] == Error)
            return;
        var capabilities = 1 + greeting[1..].IndexOf((byte)0) + 1 + 4 + 8 + 1;
        greeting[capabilities + 1] &= unchecked((byte)~TlsInSecondByte);
    }

    /// <summary>
    /// True once the answer to a packet of statements without result sets is complete: an error, or an OK packet whose
    /// status does not announce more results.
    /// </summary>
    private static bool IsWhole(ReadOnlySpan<byte> answer)
    {
        while (answer.Length >= 4)
        {
            var length = answer[0] | answer[1] << 8 | answer[2] << 16;
            if (answer.Length < 4 + length)
                return false;
            var body = answer.Slice(4, length);
            if (body.IsEmpty || body[0] is not (Ok or Error))
                throw new InvalidDataException(
                    "A fault waits for the end of an answer that is neither OK nor an error: it has rows, or "
                        + "it is encrypted."
                );
            if (body[0] == Error || !AnnouncesMore(body))
                return true;
            answer = answer[(4 + length)..];
        }
        return false;
    }

    private static bool AnnouncesMore(ReadOnlySpan<byte> ok)
    {
        const int MoreResults = 0x0008;
        var at = 1;
        for (var number = 0; number < 2; number++)
            at += ok[at] switch
            {
                < 0xFB => 1,
                0xFC => 3,
                0xFD => 4,
                _ => 9,
            };
        return ((ok[at] | ok[at + 1] << 8) & MoreResults) != 0;
    }

    private static bool IsEnd(Exception e) =>
        e is IOException or SocketException or ObjectDisposedException or InvalidOperationException;
}
