namespace GroupBuyActors.Tasks;

/// <summary>A task in this silo's memory.</summary>
internal sealed class ScheduledTask(TimedTask task, bool isOverdue)
{
    private const int Resting = 0,
        Begun = 1,
        Dropped = 2;
    private int _stage;

    /// <summary>As it is stored now.</summary>
    public TimedTask Stored { get; set; } = task;

    /// <summary>True where the silo that ran it before is gone: its next try is recorded before it begins.</summary>
    public bool IsRecovered { get; set; } = isOverdue;

    /// <summary>
    /// True where somebody else may have begun it before it came into this memory: it was due already when it was read
    /// from the table, another silo handed it over (the answer to an earlier hand-over may be lost, or this one was
    /// long on its way), or memory had it before.
    /// </summary>
    public bool MayHaveBegun { get; init; }

    /// <summary>Set once a run of it began here.</summary>
    public bool WasBegun { get; set; }

    /// <summary>True where an earlier try may have had its effect outside.</summary>
    public bool MayRepeat => MayHaveBegun || WasBegun || Stored.Version > 1;

    /// <summary>Runs in a row that ended with an infrastructure failure; they do not count as tries.</summary>
    public int InfrastructureFailures { get; set; }

    /// <summary>When it came into memory here, by the cluster's clock.</summary>
    public DateTimeOffset LoadedAt { get; init; }

    /// <summary>When it fires: its next try, spread where its type is.</summary>
    public DateTimeOffset FiresAt { get; set; }

    /// <summary>When its run began, by the cluster's clock; null while none is under way.</summary>
    public DateTimeOffset? BegunAt { get; set; }

    /// <summary>Set when the task was cancelled or moved while it ran: its end changes nothing in memory.</summary>
    public bool IsGone { get; set; }

    /// <summary>
    /// What a commit has stored under its id and a later version before the end of its run was heard of here: a firing
    /// that was brought forward comes again, and its time may be near.
    /// </summary>
    public TimedTask? Successor { get; set; }

    /// <summary>
    /// True where no handler knows its type: it stays here, so that it is not read and told again and again.
    /// </summary>
    public bool IsParked { get; set; }

    /// <summary>True once for whoever is to run it; false for one that was dropped meanwhile.</summary>
    public bool TryBegin() => Interlocked.CompareExchange(ref _stage, Begun, Resting) == Resting;

    /// <summary>Takes it from whoever would run it; false where its run has begun.</summary>
    public bool TryDrop() => Interlocked.CompareExchange(ref _stage, Dropped, Resting) == Resting;

    /// <summary>The run has ended; there may be another.</summary>
    public void Rest()
    {
        BegunAt = null;
        Volatile.Write(ref _stage, Resting);
    }

    /// <summary>True for one that was taken from its place in the line: nobody will run it.</summary>
    public bool IsDropped => Volatile.Read(ref _stage) == Dropped;

    /// <summary>True while a run is under way.</summary>
    public bool HasBegun => Volatile.Read(ref _stage) == Begun;
}

/// <summary>Where a task is on the silo that owns its shard.</summary>
[GenerateSerializer, Alias("groupbuy.TaskLocation")]
internal enum TaskLocation
{
    /// <summary>Not in memory: beyond the horizon, or another silo's.</summary>
    Table,

    /// <summary>In the wheel until it is due.</summary>
    Wheel,

    /// <summary>Due, and waiting for a place.</summary>
    Queue,

    /// <summary>Its handler runs.</summary>
    Running,

    /// <summary>No handler knows its type.</summary>
    Parked,
}
