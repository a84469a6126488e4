using GroupBuyActors.Committing;

namespace GroupBuyActors.Groups;

/// <summary>
/// Counts what a handling takes of the bytes that one commit may have. Events are measured only when somebody asks:
/// most handlings have no fan-out to cut.
/// </summary>
internal sealed class CommitBudget(int bytesMax, List<RecordedEvent> events)
{
    /// <summary>
    /// Kept free for what follows the fan-out: the next transition, its tasks, a remembered request.
    /// </summary>
    private const int Spare = 32 * 1024;

    private readonly long _limit = bytesMax - Math.Min(Spare, bytesMax / 2);
    private long _used = CommitBytes.Fixed;
    private int _eventsMeasured;

    /// <summary>Bytes left; negative where more is used than should be.</summary>
    public long Left
    {
        get
        {
            for (; _eventsMeasured < events.Count; _eventsMeasured++)
                _used += CommitBytes.OfEvent(JournalPayload.Write(events[_eventsMeasured]).Length);
            return _limit - _used;
        }
    }

    /// <summary>Counts something that is no event.</summary>
    public void Take(int bytes) => _used += bytes;
}
