namespace GroupBuyActors.Silo.Events;

/// <summary>An event in the form in which it is sent to watchers.</summary>
internal readonly record struct EventFrame(long Sequence, ReadOnlyMemory<byte> Bytes);

/// <summary>
/// The latest events of one group, without a gap, bounded by number and bytes. Older events are read from the journal.
/// Not thread-safe.
/// </summary>
internal sealed class EventFrames(int framesMax)
{
    private readonly Queue<EventFrame> _frames = new();

    /// <summary>The newest event's sequence, 0 for none.</summary>
    public long Last { get; private set; }

    /// <summary>The size of all frames in bytes.</summary>
    public long Bytes { get; private set; }

    private long First => Last - _frames.Count + 1;

    /// <summary>True if the buffer has every existing event after a sequence.</summary>
    public bool Reaches(long after) => after >= First - 1;

    /// <summary>Clears the buffer; the next event is the one after <paramref name="sequence"/>.</summary>
    public void BeginAfter(long sequence)
    {
        _frames.Clear();
        (Last, Bytes) = (sequence, 0);
    }

    /// <summary>Adds the next event, and drops the oldest ones beyond the bounds.</summary>
    public void Add(EventFrame frame, long bytesMax)
    {
        if (frame.Sequence <= Last)
            throw new InvalidOperationException($"Event {frame.Sequence} came after {Last}.");
        // Sequences have no gaps: missing events were removed by retention. Watchers that ask for them read the
        // journal.
        if (frame.Sequence != Last + 1)
            BeginAfter(frame.Sequence - 1);
        _frames.Enqueue(frame);
        Last = frame.Sequence;
        Bytes += frame.Bytes.Length;
        while (_frames.Count > framesMax || (Bytes > bytesMax && _frames.Count > 1))
            Bytes -= _frames.Dequeue().Bytes.Length;
    }

    /// <summary>
    /// At most <paramref name="limit"/> events after a sequence; only valid if <see cref="Reaches"/>.
    /// </summary>
    public IReadOnlyList<EventFrame> After(long after, int limit)
    {
        var skipped = (int)Math.Max(0, after - First + 1);
        return after >= Last ? [] : [.. _frames.Skip(skipped).Take(limit)];
    }
}
