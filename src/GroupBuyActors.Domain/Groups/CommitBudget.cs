using GroupBuyActors.Committing;

namespace GroupBuyActors.Groups;

/// <summary>
/// Counts how many of the bytes of one commit an execution uses. Events are measured only when <see cref="Left"/> is
/// read, because most executions have no fan-out to limit.
/// </summary>
internal sealed class CommitBudget(int bytesMax, List<RecordedEvent> events)
{
    /// <summary>
    /// Reserved for what follows the fan-out: the next transition, its tasks, a remembered request.
    /// </summary>
    private const int Spare = 32 * 1024;

    private readonly long _limit = bytesMax - Math.Min(Spare, bytesMax / 2);
    private long _used = CommitBytes.Fixed;
    private int _eventsMeasured;

    /// <summary>The bytes that are left; negative if too many are used.</summary>
    public long Left
    {
        get
        {
            for (; _eventsMeasured < events.Count; _eventsMeasured++)
                _used += CommitBytes.OfEvent(JournalPayload.Write(events[_eventsMeasured]).Length);
            return _limit - _used;
        }
    }

    /// <summary>Counts something other than an event.</summary>
    public void Take(int bytes) => _used += bytes;
}
