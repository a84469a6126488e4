using GroupBuyActors.Silo.Http;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Silo.Connections;

/// <summary>
/// Bounds the connections of HTTP. Each takes a slot when it is accepted and releases it when its socket is closed.
/// <para>
/// Slots are for connections that send requests: a connection without a request is ended after a while, and if all
/// slots are taken, the one that has been silent longest is ended for a new one. In addition there are a few spare
/// slots, on which callers get 503 and health checks are answered. Further connections are closed at once.
/// </para>
/// </summary>
internal sealed class ConnectionSlots(IOptions<EdgeOptions> options, ConnectionMetrics metrics, TimeProvider time)
{
    /// <summary>The number of spare slots; they are part of the reserve of <see cref="ConnectionShare"/>.</summary>
    public const int SpareMax = 32;

    // A new connection sends its request in its first packets. If slots are short, one that has not done so within this
    // time may be ended.
    private static readonly TimeSpan EvictableAfter = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly LinkedList<ConnectionSlot> _silent = [];
    private readonly LinkedList<ConnectionSlot> _silentSpare = [];
    private int _taken;
    private int _spare;
    private int _max = Math.Min(options.Value.ConnectionsMax, ConnectionShare.Min);

    /// <summary>The present number of slots, without spare ones.</summary>
    public int Max => Volatile.Read(ref _max);

    /// <summary>
    /// The largest number of live event streams: at most half of the slots, so that the others serve calls that end.
    /// </summary>
    public int StreamsMax => Math.Min(options.Value.StreamsMax, Max / 2);

    /// <summary>The present number of connections, including those on spare slots.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _taken + _spare;
        }
    }

    /// <summary>Changes the number of slots; existing connections keep theirs.</summary>
    public void Resize(int max) => Volatile.Write(ref _max, max);

    /// <summary>
    /// Takes a slot for an accepted connection, which <paramref name="end"/> ends; null if it must be closed at once.
    /// </summary>
    public ConnectionSlot? TryTake(Action end)
    {
        ConnectionSlot? slot,
            evicted;
        lock (_gate)
        {
            // The socket of an evicted connection stays open for a moment, so the count may exceed the slots by a few.
            if (_taken < _max + SpareMax && FreeSlot(_taken < _max, _silent, out evicted))
                slot = Add(isSpare: false, _silent, end);
            else if (_spare < 2 * SpareMax && FreeSlot(_spare < SpareMax, _silentSpare, out evicted))
                slot = Add(isSpare: true, _silentSpare, end);
            else
                slot = evicted = null;
        }

        if (slot is null)
            metrics.Refused();
        evicted?.End();
        return slot;
    }

    /// <summary>Releases a slot, after its socket was closed.</summary>
    public void Release(ConnectionSlot slot)
    {
        lock (_gate)
        {
            RemoveFromSilent(slot);
            if (slot.IsSpare)
                _spare--;
            else
                _taken--;
        }
    }

    /// <summary>Ends connections that have been without a request for too long; returns how many.</summary>
    public int EndSilent()
    {
        for (var ended = 0; ; ended++)
        {
            ConnectionSlot slot;
            lock (_gate)
            {
                if (Silent(_silentSpare, EdgeOptions.SpareSilence) is { } spare)
                    slot = spare;
                else if (Silent(_silent, options.Value.Silence) is { } other)
                    slot = other;
                else
                    return ended;
                RemoveFromSilent(slot);
            }

            metrics.Ended();
            slot.End();
        }
    }

    /// <summary>Records the first request of a connection.</summary>
    internal void RequestReceived(ConnectionSlot slot)
    {
        lock (_gate)
            RemoveFromSilent(slot);
    }

    private bool FreeSlot(bool isFree, LinkedList<ConnectionSlot> silent, out ConnectionSlot? evicted)
    {
        evicted = isFree ? null : Silent(silent, EvictableAfter);
        if (evicted is not null)
            RemoveFromSilent(evicted);
        return isFree || evicted is not null;
    }

    private ConnectionSlot Add(bool isSpare, LinkedList<ConnectionSlot> silent, Action end)
    {
        if (isSpare)
            _spare++;
        else
            _taken++;
        var slot = new ConnectionSlot(this, isSpare, time.GetTimestamp(), end);
        slot.Silent = silent.AddLast(slot);
        return slot;
    }

    private ConnectionSlot? Silent(LinkedList<ConnectionSlot> silent, TimeSpan since) =>
        silent.First is { Value: var slot } && time.GetElapsedTime(slot.Since) >= since ? slot : null;

    private static void RemoveFromSilent(ConnectionSlot slot)
    {
        if (slot.Silent is { } node)
            node.List?.Remove(node);
        slot.Silent = null;
    }
}
