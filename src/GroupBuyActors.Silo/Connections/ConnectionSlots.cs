using GroupBuyActors.Silo.Http;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Silo.Connections;

/// <summary>
/// Bounds the connections of HTTP. Each takes a slot when it is accepted and releases it when its socket is closed.
/// <para>
/// Places are for connections that send requests: one that has sent none for long is ended, and where all places are
/// taken, the one that has been silent longest gives way to a new one. Beyond the places there are a few spare ones, on
/// which a caller is told 503 and health is answered; beyond these, a connection is closed at once.
/// </para>
/// </summary>
internal sealed class ConnectionSlots(IOptions<EdgeOptions> options, ConnectionMetrics metrics, TimeProvider time)
{
    /// <summary>Spare places; they are of the reserve of <see cref="ConnectionShare"/>.</summary>
    public const int SpareMax = 32;

    // A new connection sends its request with its first packets; one that did not within this gives way where places
    // are short.
    private static readonly TimeSpan GivesWayAfter = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly LinkedList<ConnectionSlot> _silent = [];
    private readonly LinkedList<ConnectionSlot> _silentSpare = [];
    private int _taken;
    private int _spare;
    private int _max = Math.Min(options.Value.ConnectionsMax, ConnectionShare.Least);

    /// <summary>Places there are now.</summary>
    public int Max => Volatile.Read(ref _max);

    /// <summary>Of them, live streams of events may have half: the others are for calls that end.</summary>
    public int StreamsMax => Math.Min(options.Value.StreamsMax, Max / 2);

    /// <summary>Connections now, those on spare places included.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _taken + _spare;
        }
    }

    /// <summary>Changes how many places there are. Who has one keeps it.</summary>
    public void Resize(int max) => Volatile.Write(ref _max, max);

    /// <summary>
    /// Takes a place for a connection just accepted, which <paramref name="end"/> ends; null where it must be closed.
    /// </summary>
    public ConnectionSlot? TryTake(Action end)
    {
        ConnectionSlot? slot,
            givesWay;
        lock (_gate)
        {
            // Who gives way has its socket for a moment more, so a few are taken beyond the places meanwhile.
            if (_taken < _max + SpareMax && FreeSlot(_taken < _max, _silent, out givesWay))
                slot = Seat(isSpare: false, _silent, end);
            else if (_spare < 2 * SpareMax && FreeSlot(_spare < SpareMax, _silentSpare, out givesWay))
                slot = Seat(isSpare: true, _silentSpare, end);
            else
                slot = givesWay = null;
        }

        if (slot is null)
            metrics.Refused();
        givesWay?.End();
        return slot;
    }

    /// <summary>Releases a slot, once the socket is closed.</summary>
    public void Release(ConnectionSlot slot)
    {
        lock (_gate)
        {
            Drop(slot);
            if (slot.IsSpare)
                _spare--;
            else
                _taken--;
        }
    }

    /// <summary>
    /// Ends connections that have sent no request for as long as they may be silent; gives how many.
    /// </summary>
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
                Drop(slot);
            }

            metrics.Ended();
            slot.End();
        }
    }

    /// <summary>A request came on it.</summary>
    internal void Heard(ConnectionSlot slot)
    {
        lock (_gate)
            Drop(slot);
    }

    private bool FreeSlot(bool isFree, LinkedList<ConnectionSlot> silent, out ConnectionSlot? givesWay)
    {
        givesWay = isFree ? null : Silent(silent, GivesWayAfter);
        if (givesWay is not null)
            Drop(givesWay);
        return isFree || givesWay is not null;
    }

    private ConnectionSlot Seat(bool isSpare, LinkedList<ConnectionSlot> silent, Action end)
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

    private static void Drop(ConnectionSlot slot)
    {
        if (slot.Silent is { } node)
            node.List?.Remove(node);
        slot.Silent = null;
    }
}
