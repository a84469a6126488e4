namespace GroupBuyActors.Tasks;

/// <summary>A task in this silo's memory.</summary>
internal sealed class ScheduledTask(TimedTask task, bool isRecovered)
{
    private const int Resting = 0,
        Begun = 1,
        Dropped = 2;
    private int _stage;

    /// <summary>The task as it is stored.</summary>
    public TimedTask Stored { get; set; } = task;

    /// <summary>True if the silo that had it before has left: its next try is recorded before it begins.</summary>
    public bool IsRecovered { get; set; } = isRecovered;

    /// <summary>
    /// True if a run may have begun before it was added to this memory: it was already due when it was read from the
    /// table, another silo forwarded it (the answer to an earlier call may be lost, or this call was delayed), or it
    /// was in memory before.
    /// </summary>
    public bool MayHaveBegun { get; init; }

    /// <summary>True once a run of it began here.</summary>
    public bool WasBegun { get; set; }

    /// <summary>True if an earlier try may have had its effect outside.</summary>
    public bool MayRepeat => MayHaveBegun || WasBegun || Stored.Version > 1;

    /// <summary>Runs in a row that ended with an infrastructure failure; they do not count as tries.</summary>
    public int InfrastructureFailures { get; set; }

    /// <summary>How often in a row it was due and did not run, because the store accepted nothing.</summary>
    public int Holds { get; set; }

    /// <summary>
    /// True if it waits for the slots of late tasks: a silo that is gone left it, or the store was away when it was
    /// due.
    /// </summary>
    public bool IsOverdue => IsRecovered || Holds > 0 || InfrastructureFailures > 0;

    /// <summary>When it was loaded into memory here, by the cluster's clock.</summary>
    public DateTimeOffset LoadedAt { get; init; }

    /// <summary>When it fires: the time of its next try, plus the delay that spreads its type.</summary>
    public DateTimeOffset FiresAt { get; set; }

    /// <summary>When its run began, by the cluster's clock; null while it is not running.</summary>
    public DateTimeOffset? BegunAt { get; set; }

    /// <summary>True if the task was cancelled or moved while it ran: its end changes nothing in memory.</summary>
    public bool IsGone { get; set; }

    /// <summary>
    /// The task that a commit stored with the same id and a later version before the end of its run was handled here: a
    /// firing that was brought forward fires again, perhaps soon. A version that the run itself stored before it began
    /// is none, although a reading of the table may find it before the run knows it.
    /// </summary>
    public TimedTask? Successor
    {
        get => field is { } successor && successor.Version > Stored.Version ? successor : null;
        set;
    }

    /// <summary>
    /// True if it cannot be run (no handler for its type, an invalid row, an unexpected exception): it stays here, so
    /// that it is not read and logged again and again.
    /// </summary>
    public bool IsParked { get; set; }

    /// <summary>Claims it for a run: true once; false if it was dropped meanwhile.</summary>
    public bool TryBegin() => Interlocked.CompareExchange(ref _stage, Begun, Resting) == Resting;

    /// <summary>Prevents its run; false if the run has begun.</summary>
    public bool TryDrop() => Interlocked.CompareExchange(ref _stage, Dropped, Resting) == Resting;

    /// <summary>Ends the run, so that there may be another.</summary>
    public void Rest()
    {
        BegunAt = null;
        Volatile.Write(ref _stage, Resting);
    }

    /// <summary>True if it was dropped: it will not be run.</summary>
    public bool IsDropped => Volatile.Read(ref _stage) == Dropped;

    /// <summary>True while it is running.</summary>
    public bool HasBegun => Volatile.Read(ref _stage) == Begun;
}

/// <summary>Where a task is on the silo that owns its shard.</summary>
[GenerateSerializer, Alias("groupbuy.TaskLocation")]
internal enum TaskLocation
{
    /// <summary>Not in memory: due beyond the horizon, or owned by another silo.</summary>
    Table,

    /// <summary>In the wheel until it is due.</summary>
    Wheel,

    /// <summary>Due, and waiting for a slot.</summary>
    Queue,

    /// <summary>Its handler runs.</summary>
    Running,

    /// <summary>It cannot be run here.</summary>
    Parked,
}
