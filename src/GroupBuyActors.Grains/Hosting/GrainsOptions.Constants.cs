namespace GroupBuyActors.Hosting;

/// <summary>
/// What a release fixes, each with its reason: they depend on each other and on the code, not on where it runs, so that
/// no setting names them. Tests shorten those that are properties.
/// </summary>
public sealed partial class GrainsOptions
{
    /// <summary>
    /// Requests that may wait for or run in one group; above it calls are rejected. Larger than a hot group's pipeline
    /// of commits.
    /// </summary>
    internal const int GroupRequestsMax = 20_000;

    /// <summary>
    /// A call between grains without an answer for this long has failed; above the long poll of 10 s.
    /// </summary>
    internal static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(20);

    /// <summary>
    /// The tasks of a shard are counted anew this often; between two counts the commits of this silo keep the number.
    /// </summary>
    internal static readonly TimeSpan RecountInterval = TimeSpan.FromHours(1);

    /// <summary>Policies that operators changed are read this often, besides at once after a change.</summary>
    internal static readonly TimeSpan PolicyReadInterval = TimeSpan.FromSeconds(10);

    /// <summary>Their partitions are made this many days ahead.</summary>
    internal const int EndsAheadDays = 30;

    /// <summary>What operators decided of parked groups is looked for this often.</summary>
    internal static readonly TimeSpan RelayParkedInterval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The membership and the table of streams are compared this often besides on every change (a crash between two
    /// steps of joining makes no change).
    /// </summary>
    internal static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(30);

    /// <summary>The offset to the database's clock is measured this often.</summary>
    internal static readonly TimeSpan ClockInterval = TimeSpan.FromSeconds(3);

    /// <summary>A clock further off than this is alarmed.</summary>
    internal static readonly TimeSpan ClockAlarm = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Backstop reminders waiting to be written; beyond it the oldest groups go without until their next activation.
    /// </summary>
    internal const int RemindersWaitingMax = 50_000;

    /// <summary>
    /// The pause after each of them: at most 200 a second of a silo, so that thousands of publications leave the
    /// database to joins.
    /// </summary>
    internal static readonly TimeSpan ReminderPause = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// A silo answers only while its fence was confirmed this recently: shorter than the fastest eviction without a
    /// crash.
    /// </summary>
    internal TimeSpan FenceBound { get; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// A group that heard nothing from the store for this long reads its head before it answers: bounds how stale a
    /// second activation can be.
    /// </summary>
    internal TimeSpan IdleHeadBound { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Events after the last snapshot from which another is due, at least; above it the group's size decides.
    /// </summary>
    internal int SnapshotTailMin { get; } = 200;

    /// <summary>A group that goes to sleep with a longer tail than this leaves a snapshot behind.</summary>
    internal int SnapshotTailOnDeactivation { get; } = 50;

    /// <summary>How long a deactivating group waits for its pending commits.</summary>
    internal TimeSpan DrainBound { get; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest one call of a port may take.</summary>
    internal TimeSpan PortTimeout { get; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Tasks due within this are in memory, or within less where they are dense; all others wait in the table.
    /// </summary>
    internal TimeSpan Horizon { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// However dense, the horizon is no shorter than this, or than <see cref="Horizon"/> where that is.
    /// </summary>
    internal TimeSpan HorizonMin { get; } = TimeSpan.FromSeconds(4);

    /// <summary>
    /// The horizon is read again this often, and at half of what it reaches where that is sooner: well before its end.
    /// </summary>
    internal TimeSpan HorizonReadInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Most tasks in memory; beyond it the horizon ends earlier and is read again as memory frees.</summary>
    internal int HorizonTasksMax { get; set; } = 200_000;

    /// <summary>Tasks of all types that run at once on this silo; what is due beyond it waits by priority.</summary>
    internal int TasksRunningMax { get; set; } = 1_024;

    /// <summary>
    /// Of these, tasks that a dead silo left behind, for each service that tasks wait for and for those that wait for
    /// none; a recovery begins with 8 and doubles every second up to this.
    /// </summary>
    internal int OverdueRunningMax { get; } = 64;

    /// <summary>A canary goes through the engine this often.</summary>
    internal TimeSpan CanaryInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>One that has not run this long after its time raises an alarm.</summary>
    internal TimeSpan CanaryPatience { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// A task read from the table this late belongs to an executor that is gone: its try is recorded before it runs.
    /// </summary>
    internal TimeSpan OverdueAfter { get; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A run without an end for this long (or for its type's own try, where that is longer) is given up and tried
    /// again.
    /// </summary>
    internal TimeSpan RunTimeout { get; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a stopping silo waits for runs in progress.</summary>
    internal TimeSpan StopBound { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Projections are written at most this often, so that many changes of a group become one row; well within the
    /// second that lists may lag.
    /// </summary>
    internal TimeSpan RelayInterval { get; set; } = TimeSpan.FromMilliseconds(400);

    /// <summary>Commits that wait in memory for one sink; beyond it the sink reads from the table.</summary>
    internal int RelayBacklogMax { get; set; } = 50_000;

    /// <summary>Commits handed to a sink at once.</summary>
    internal int RelayBatchMax { get; set; } = 10_000;

    /// <summary>
    /// A sink's cursor is written at most this often, and its groups that are blocked are looked after; a crash
    /// repeats no more than this.
    /// </summary>
    internal TimeSpan RelayCursorInterval { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// How long a stopping silo hands over what its sinks have not taken; whoever adopts its streams does the rest.
    /// </summary>
    internal TimeSpan RelayFlushBound { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Events offered to a publisher at once.</summary>
    internal int RelayPublishMax { get; set; } = 10_000;

    /// <summary>Groups of one stream that are blocked at once; above it the stream waits for some of them.</summary>
    internal int BlockedActorsMax { get; set; } = 100_000;

    /// <summary>Groups of one stream whose last relayed event is remembered; of others it is looked up.</summary>
    internal int RelayKnownMax { get; set; } = 100_000;

    /// <summary>Groups that could not be brought into the lists and books are tried again this often.</summary>
    internal TimeSpan RelayRebuildInterval { get; set; } = TimeSpan.FromSeconds(30);
}
