namespace GroupBuyActors.Silo.Events;

/// <summary>One event as it is sent to watchers.</summary>
internal readonly record struct EventFrame(long Sequence, ReadOnlyMemory<byte> Bytes);

/// <summary>
/// The latest events of one group, without a gap, bounded by number and bytes: what is older is read from the journal.
/// Not thread-safe.
/// </summary>
internal sealed class EventFrames(int framesMax)
{
    private readonly Queue<EventFrame> _frames = new();

    /// <summary>The newest event, 0 for none.</summary>
    public long Last { get; private set; }

    /// <summary>What is kept, in bytes.</summary>
    public long Bytes { get; private set; }

    private long First => Last - _frames.Count + 1;

    /// <summary>True where every event after this one that there is can be given from here.</summary>
    public bool Reaches(long after) => after >= First - 1;

    /// <summary>Forgets all, and goes on after an event.</summary>
    public void BeginAfter(long sequence)
    {
        _frames.Clear();
        (Last, Bytes) = (sequence, 0);
    }

    /// <summary>Adds the next event, and drops the oldest where there are too many, or too many bytes.</summary>
    public void Add(EventFrame frame, long bytesMax)
    {
        if (frame.Sequence <= Last)
            throw new InvalidOperationException($"Event {frame.Sequence} came after {Last}.");
        // Sequences have no gaps: what is missing was removed after its time. Who asks for it is answered by the
        // journal.
        if (frame.Sequence != Last + 1)
            BeginAfter(frame.Sequence - 1);
        _frames.Enqueue(frame);
        Last = frame.Sequence;
        Bytes += frame.Bytes.Length;
        while (_frames.Count > framesMax || (Bytes > bytesMax && _frames.Count > 1))
            Bytes -= _frames.Dequeue().Bytes.Length;
    }

    /// <summary>The events after a sequence, at most so many; only where <see cref="Reaches"/>.</summary>
    public IReadOnlyList<EventFrame> After(long after, int limit)
    {
        var skipped = (int)Math.Max(0, after - First + 1);
        return after >= Last ? [] : [.. _frames.Skip(skipped).Take(limit)];
    }
}
