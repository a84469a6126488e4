using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GroupBuyActors.Membership.Liveness;

/// <summary>
/// A connection to another silo's liveness port. Its calls block the thread, because those who wait on it have threads
/// of their own: what they conclude must not depend on how busy the thread pool is.
/// </summary>
internal sealed class LivenessConnection : IDisposable
{
    private static readonly TimeSpan KeepAliveTime = TimeSpan.FromSeconds(30),
        KeepAliveInterval = TimeSpan.FromSeconds(5);
    private const int KeepAliveRetries = 3;
    private readonly Socket _socket;
    private readonly byte[] _line = new byte[LivenessHello.BytesMax];
    private int _length;

    private LivenessConnection(Socket socket) => _socket = socket;

    /// <summary>Connects; throws <see cref="SocketException"/> if that fails or takes longer.</summary>
    public static LivenessConnection Open(IPEndPoint endpoint, TimeSpan within)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            Connect(socket, endpoint, within);
            KeepAlive(socket);
            return new LivenessConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Ends a connection whose peer vanished without a word, which proves nothing about the peer.</summary>
    public static void KeepAlive(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(
            SocketOptionLevel.Tcp,
            SocketOptionName.TcpKeepAliveTime,
            (int)KeepAliveTime.TotalSeconds
        );
        socket.SetSocketOption(
            SocketOptionLevel.Tcp,
            SocketOptionName.TcpKeepAliveInterval,
            (int)KeepAliveInterval.TotalSeconds
        );
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveRetries);
    }

    /// <summary>
    /// Waits for the next hello; null if the connection ends, or if what comes is no hello. Throws
    /// <see cref="SocketException"/> if the connection breaks or nothing comes within the time.
    /// </summary>
    public LivenessHello? Receive(TimeSpan within)
    {
        _socket.ReceiveTimeout = within == Timeout.InfiniteTimeSpan ? 0 : (int)within.TotalMilliseconds;
        while (true)
        {
            if (TakeLine() is { } line)
                return LivenessHello.TryParse(line);
            if (_length == _line.Length)
                return null;
            var read = _socket.Receive(_line, _length, _line.Length - _length, SocketFlags.None);
            if (read == 0)
                return null;
            _length += read;
        }
    }

    /// <summary>Ends a <see cref="Receive"/> that waits, too.</summary>
    public void Dispose() => _socket.Dispose();

    private string? TakeLine()
    {
        var end = Array.IndexOf(_line, (byte)'\n', 0, _length);
        if (end < 0)
            return null;
        var line = Encoding.ASCII.GetString(_line, 0, end);
        _length -= end + 1;
        Array.Copy(_line, end + 1, _line, 0, _length);
        return line;
    }

    private static void Connect(Socket socket, IPEndPoint endpoint, TimeSpan within)
    {
        socket.Blocking = false;
        try
        {
            socket.Connect(endpoint);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            if (!socket.Poll(within, SelectMode.SelectWrite))
                throw new SocketException((int)SocketError.TimedOut);
            var outcome = (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
            if (outcome != 0)
                throw new SocketException(outcome);
        }

        socket.Blocking = true;
    }
}
