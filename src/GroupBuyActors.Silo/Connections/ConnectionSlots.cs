using GroupBuyActors.Silo.Http;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Silo.Connections;

/// <summary>
/// Bounds the connections of HTTP. Each takes a place when it is accepted and gives it back when its socket is closed.
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
        ConnectionSlot? place,
            givesWay;
        lock (_gate)
        {
            // Who gives way has its socket for a moment more, so a few are taken beyond the places meanwhile.
            if (_taken < _max + SpareMax && MakeRoom(_taken < _max, _silent, out givesWay))
                place = Seat(isSpare: false, _silent, end);
            else if (_spare < 2 * SpareMax && MakeRoom(_spare < SpareMax, _silentSpare, out givesWay))
                place = Seat(isSpare: true, _silentSpare, end);
            else
                place = givesWay = null;
        }

        if (place is null)
            metrics.Refused();
        givesWay?.End();
        return place;
    }

    /// <summary>Gives a place back, once the socket is closed.</summary>
    public void GiveBack(ConnectionSlot place)
    {
        lock (_gate)
        {
            Drop(place);
            if (place.IsSpare)
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
            ConnectionSlot place;
            lock (_gate)
            {
                if (Silent(_silentSpare, EdgeOptions.SpareSilence) is { } spare)
                    place = spare;
                else if (Silent(_silent, options.Value.Silence) is { } other)
                    place = other;
                else
                    return ended;
                Drop(place);
            }

            metrics.Ended();
            place.End();
        }
    }

    /// <summary>A request came on it.</summary>
    internal void Heard(ConnectionSlot place)
    {
        lock (_gate)
            Drop(place);
    }

    private bool MakeRoom(bool isFree, LinkedList<ConnectionSlot> silent, out ConnectionSlot? givesWay)
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
        var place = new ConnectionSlot(this, isSpare, time.GetTimestamp(), end);
        place.Silent = silent.AddLast(place);
        return place;
    }

    private ConnectionSlot? Silent(LinkedList<ConnectionSlot> silent, TimeSpan since) =>
        silent.First is { Value: var place } && time.GetElapsedTime(place.Since) >= since ? place : null;

    private static void Drop(ConnectionSlot place)
    {
        if (place.Silent is { } node)
            node.List?.Remove(node);
        place.Silent = null;
    }
}
