using GroupBuyActors.Activations;

namespace GroupBuyActors.Hosting;

/// <summary>
/// Constants of a release with their reasons. They depend on each other and on the code, not on the environment, so
/// there are no settings for them. Tests change those that are properties.
/// </summary>
public sealed partial class GrainsOptions
{
    /// <summary>
    /// How many requests may wait or run in one group; further calls are rejected. Larger than the number of commits
    /// that a busy group has in progress.
    /// </summary>
    internal const int GroupRequestsMax = 20_000;

    /// <summary>
    /// The time limit of a call between grains; above the long poll of 10 s.
    /// </summary>
    internal static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How often the tasks of a shard are counted; between two counts the number is adjusted by this silo's commits.
    /// </summary>
    internal static readonly TimeSpan RecountInterval = TimeSpan.FromHours(1);

    /// <summary>
    /// How often policies that operators changed are read, in addition to reading them at once after a change.
    /// </summary>
    internal static readonly TimeSpan PolicyReadInterval = TimeSpan.FromSeconds(10);

    /// <summary>How many days ahead the partitions of task outcomes are created.</summary>
    internal const int OutcomePartitionsAheadDays = 30;

    /// <summary>How often operators' decisions about parked actors are read.</summary>
    internal static readonly TimeSpan RelayParkedInterval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How often the membership and the table of streams are compared, in addition to every change of the membership (a
    /// crash between two steps of joining causes no change).
    /// </summary>
    internal static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(30);

    /// <summary>How often the offset to the database's clock is measured.</summary>
    internal static readonly TimeSpan ClockInterval = TimeSpan.FromSeconds(3);

    /// <summary>The offset of a clock above which operators are alerted.</summary>
    internal static readonly TimeSpan ClockAlarm = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How many backstop reminders may wait to be written; further groups have none until their next activation.
    /// </summary>
    internal const int RemindersWaitingMax = 50_000;

    /// <summary>
    /// The pause after each reminder, so that a silo writes at most 200 a second and thousands of publications do not
    /// slow down joins.
    /// </summary>
    internal static readonly TimeSpan ReminderPause = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// A silo answers only if its fence was confirmed within this time; shorter than the fastest eviction without a
    /// crash.
    /// </summary>
    internal TimeSpan FenceBound { get; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// A group without a confirmed commit or head for this long reads its head before it answers. This bounds how stale
    /// a second activation can be.
    /// </summary>
    internal TimeSpan IdleHeadBound { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The number of events after the last snapshot that must at least be exceeded before another is written; above it
    /// the group's size decides.
    /// </summary>
    internal int SnapshotTailMin { get; } = 200;

    /// <summary>A group that is deactivated with a longer tail than this writes a snapshot.</summary>
    internal int SnapshotTailOnDeactivation { get; } = 50;

    /// <summary>How long a group that is deactivated waits for its pending commits.</summary>
    internal TimeSpan DrainBound { get; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a silo that drains moves its actors; half of the time that the host has to stop, because what is left
    /// is deactivated in the other half.
    /// </summary>
    internal TimeSpan MoveBound { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>A larger state is not sent along when its actor moves.</summary>
    internal int ShipBytesMax { get; set; } = new ActorBounds().ShipBytesMax;

    /// <summary>The time limit of one call to a port.</summary>
    internal TimeSpan PortTimeout { get; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Tasks due within this time, or less if there are many, are in memory; all others wait in the table.
    /// </summary>
    internal TimeSpan Horizon { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The horizon is not shorter than this, or than <see cref="Horizon"/> if that is shorter, however many tasks there
    /// are.
    /// </summary>
    internal TimeSpan HorizonMin { get; } = TimeSpan.FromSeconds(4);

    /// <summary>
    /// How often the horizon is read, or at half of its length if that is sooner: well before its end.
    /// </summary>
    internal TimeSpan HorizonReadInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How many tasks one reading returns at most; if there are more, the horizon ends earlier and is read again when
    /// memory is free.
    /// </summary>
    internal int HorizonTasksMax { get; set; } = 200_000;

    /// <summary>
    /// How many tasks of all types run at the same time on this silo; further due tasks wait by priority.
    /// </summary>
    internal int TasksRunningMax { get; set; } = 1_024;

    /// <summary>
    /// How many of these may be recovered from a dead silo, for each service that tasks wait for and for those that
    /// wait for none. A recovery begins with 8 and doubles every second up to this.
    /// </summary>
    internal int OverdueRunningMax { get; } = 64;

    /// <summary>How often a canary task is fired.</summary>
    internal TimeSpan CanaryInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A canary that has not run this long after its due time is reported.</summary>
    internal TimeSpan CanaryPatience { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// A task read from the table this late was left by a silo that is gone: its try is recorded before it runs.
    /// </summary>
    internal TimeSpan OverdueAfter { get; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A run that takes longer than this (or than its type's time limit, if that is longer) is abandoned and repeated.
    /// </summary>
    internal TimeSpan RunTimeout { get; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a stopping silo waits for runs in progress.</summary>
    internal TimeSpan StopBound { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The shortest time between two writes of projections, so that many changes of a group become one row; well within
    /// the second that lists may lag.
    /// </summary>
    internal TimeSpan RelayInterval { get; set; } = TimeSpan.FromMilliseconds(400);

    /// <summary>
    /// How many commits may wait in memory for one sink; if there are more, the sink reads from the table.
    /// </summary>
    internal int RelayBacklogMax { get; set; } = 50_000;

    /// <summary>How many commits are passed to a sink at once.</summary>
    internal int RelayBatchMax { get; set; } = 10_000;

    /// <summary>
    /// The shortest time between two writes of a sink's cursor, with maintenance of its blocked actors; a crash repeats
    /// no more than this.
    /// </summary>
    internal TimeSpan RelayCursorInterval { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// How long a stopping silo forwards the rest of its streams; the silo that adopts them continues.
    /// </summary>
    internal TimeSpan RelayFlushBound { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many events are passed to a publisher at once.</summary>
    internal int RelayPublishMax { get; set; } = 10_000;

    /// <summary>How many actors of one stream may be blocked; if there are more, the stream waits.</summary>
    internal int BlockedActorsMax { get; set; } = 100_000;

    /// <summary>
    /// For how many actors of one stream the last relayed event is remembered; for others it is looked up.
    /// </summary>
    internal int RelayKnownMax { get; set; } = 100_000;

    /// <summary>How often groups that could not be written to the lists and books are tried again.</summary>
    internal TimeSpan RelayRebuildInterval { get; set; } = TimeSpan.FromSeconds(30);
}
