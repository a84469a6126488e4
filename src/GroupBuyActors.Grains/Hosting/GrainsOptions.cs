using GroupBuyActors.Tasks;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Hosting;

/// <summary>Settings of the actors and of the silo's own services.</summary>
public sealed class GrainsOptions
{
    /// <summary>
    /// The region this silo serves first, or null for none: shards of its region prefer it as their home.
    /// </summary>
    public string? Region { get; set; }

    /// <summary>
    /// A silo answers only while its fence was confirmed this recently: shorter than the fastest eviction without a
    /// crash.
    /// </summary>
    public TimeSpan FenceBound { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// A group that heard nothing from the store for this long reads its head before it answers: bounds how stale a
    /// second activation can be.
    /// </summary>
    public TimeSpan IdleHeadBound { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Events after the last snapshot from which another is due, at least; above it the group's size decides.
    /// </summary>
    public int SnapshotTailMin { get; set; } = 200;

    /// <summary>A group that goes to sleep with a longer tail than this leaves a snapshot behind.</summary>
    public int SnapshotTailAsleep { get; set; } = 50;

    /// <summary>How long a deactivating group waits for its pending commits.</summary>
    public TimeSpan DrainBound { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Requests that may wait for or run in one group; above it calls are rejected. Larger than a hot group's pipeline
    /// of commits.
    /// </summary>
    public int GroupRequestsMax { get; set; } = 20_000;

    /// <summary>
    /// A call between grains without an answer for this long has failed; above the long poll of 10 s.
    /// </summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>The longest one call of a port may take.</summary>
    public TimeSpan PortTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Tasks due within this are in memory, or within less where they are dense; all others wait in the table.
    /// </summary>
    public TimeSpan Horizon { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// However dense, the horizon is no shorter than this, or than <see cref="Horizon"/> where that is.
    /// </summary>
    public TimeSpan HorizonMin { get; set; } = TimeSpan.FromSeconds(4);

    /// <summary>
    /// The horizon is read again this often, and at half of what it reaches where that is sooner: well before its end.
    /// </summary>
    public TimeSpan HorizonReadInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Most tasks in memory; beyond it the horizon ends earlier and is read again as memory frees.</summary>
    public int HorizonTasksMax { get; set; } = 200_000;

    /// <summary>
    /// The tasks of a shard are counted anew this often; between two counts the commits of this silo keep the number.
    /// </summary>
    public TimeSpan CensusInterval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Tasks of all types that run at once on this silo; what is due beyond it waits by priority.</summary>
    public int TasksRunningMax { get; set; } = 1_024;

    /// <summary>
    /// Of these, tasks that a dead silo left behind, for each service that tasks wait for and for those that wait for
    /// none; a recovery begins with 8 and doubles every second up to this.
    /// </summary>
    public int OverdueRunningMax { get; set; } = 64;

    /// <summary>
    /// What the configuration sets of types' policies (<c>GroupBuy:Tasks:{type}:…</c>), by type; an operator's change
    /// while running goes before it.
    /// </summary>
    public Dictionary<string, TaskPolicyChange> TaskPolicies { get; } = new(StringComparer.Ordinal);

    /// <summary>What the configuration sets of scheduled jobs (<c>GroupBuy:Schedules:{job}:…</c>), by job.</summary>
    public Dictionary<string, CronJobChange> Schedules { get; } = new(StringComparer.Ordinal);

    /// <summary>Policies that operators changed are read this often, besides at once after a change.</summary>
    public TimeSpan PolicyReadInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long what is over is kept.</summary>
    public RetentionOptions Retention { get; set; } = new();

    /// <summary>Their partitions are made this many days ahead.</summary>
    public int EndsAheadDays { get; set; } = 30;

    /// <summary>A canary goes through the engine this often.</summary>
    public TimeSpan CanaryInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>One that has not run this long after its time raises an alarm.</summary>
    public TimeSpan CanaryPatience { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// A task read from the table this late belongs to an executor that is gone: its try is recorded before it runs.
    /// </summary>
    public TimeSpan OverdueAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A run without an end for this long (or for its type's own try, where that is longer) is given up and tried
    /// again.
    /// </summary>
    public TimeSpan RunTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a stopping silo waits for runs in progress.</summary>
    public TimeSpan StopBound { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Projections are written at most this often, so that many changes of a group become one row; well within the
    /// second that lists may lag.
    /// </summary>
    public TimeSpan RelayInterval { get; set; } = TimeSpan.FromMilliseconds(400);

    /// <summary>Commits that wait in memory for one sink; beyond it the sink reads from the table.</summary>
    public int RelayBacklogMax { get; set; } = 50_000;

    /// <summary>Commits handed to a sink at once.</summary>
    public int RelayBatchMax { get; set; } = 10_000;

    /// <summary>
    /// A sink's cursor is written at most this often, and its groups that are set aside are looked after; a crash
    /// repeats no more than this.
    /// </summary>
    public TimeSpan RelayCursorInterval { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// How long a stopping silo hands over what its sinks have not taken; whoever adopts its streams does the rest.
    /// </summary>
    public TimeSpan RelayFlushBound { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Events offered to a publisher at once.</summary>
    public int RelayPublishMax { get; set; } = 10_000;

    /// <summary>Groups of one stream that are set aside at once; above it the stream waits for some of them.</summary>
    public int RelayAsideMax { get; set; } = 100_000;

    /// <summary>Groups of one stream whose last relayed event is remembered; of others it is looked up.</summary>
    public int RelayKnownMax { get; set; } = 100_000;

    /// <summary>What operators decided of parked groups is looked for this often.</summary>
    public TimeSpan RelayParkedInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Groups that could not be brought into the lists and books are tried again this often.</summary>
    public TimeSpan RelayRebuildInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The membership and the table of streams are compared this often besides on every change (a crash between two
    /// steps of joining makes no change).
    /// </summary>
    public TimeSpan WatchInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The offset to the database's clock is measured this often.</summary>
    public TimeSpan ClockInterval { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>A clock further off than this is alarmed.</summary>
    public TimeSpan ClockAlarm { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Backstop reminders waiting to be written; beyond it the oldest groups go without until their next activation.
    /// </summary>
    public int RemindersWaitingMax { get; set; } = 50_000;

    /// <summary>
    /// The pause after each of them: at most 200 a second of a silo, so that thousands of publications leave the
    /// database to joins.
    /// </summary>
    public TimeSpan ReminderPause { get; set; } = TimeSpan.FromMilliseconds(5);
}

/// <summary>Names every faulty setting at once.</summary>
internal sealed class GrainsOptionsCheck : IValidateOptions<GrainsOptions>
{
    public ValidateOptionsResult Validate(string? name, GrainsOptions options)
    {
        var faults = new List<string>();
        void Positive(TimeSpan value, string setting)
        {
            if (value <= TimeSpan.Zero)
                faults.Add($"{setting} must be longer than zero.");
        }

        void AtLeast(int value, int least, string setting)
        {
            if (value < least)
                faults.Add($"{setting} must be at least {least}.");
        }

        Positive(options.FenceBound, nameof(options.FenceBound));
        Positive(options.IdleHeadBound, nameof(options.IdleHeadBound));
        Positive(options.DrainBound, nameof(options.DrainBound));
        Positive(options.PortTimeout, nameof(options.PortTimeout));
        Positive(options.HorizonReadInterval, nameof(options.HorizonReadInterval));
        Positive(options.HorizonMin, nameof(options.HorizonMin));
        Positive(options.CensusInterval, nameof(options.CensusInterval));
        Positive(options.OverdueAfter, nameof(options.OverdueAfter));
        Positive(options.RunTimeout, nameof(options.RunTimeout));
        Positive(options.StopBound, nameof(options.StopBound));
        Positive(options.RelayInterval, nameof(options.RelayInterval));
        Positive(options.RelayCursorInterval, nameof(options.RelayCursorInterval));
        Positive(options.RelayFlushBound, nameof(options.RelayFlushBound));
        Positive(options.RelayParkedInterval, nameof(options.RelayParkedInterval));
        Positive(options.RelayRebuildInterval, nameof(options.RelayRebuildInterval));
        Positive(options.WatchInterval, nameof(options.WatchInterval));
        Positive(options.ClockInterval, nameof(options.ClockInterval));
        Positive(options.ClockAlarm, nameof(options.ClockAlarm));
        Positive(options.ReminderPause, nameof(options.ReminderPause));
        AtLeast(options.SnapshotTailMin, 1, nameof(options.SnapshotTailMin));
        AtLeast(options.SnapshotTailAsleep, 0, nameof(options.SnapshotTailAsleep));
        AtLeast(options.GroupRequestsMax, 100, nameof(options.GroupRequestsMax));
        AtLeast(options.HorizonTasksMax, 100, nameof(options.HorizonTasksMax));
        Positive(options.PolicyReadInterval, nameof(options.PolicyReadInterval));
        Positive(options.CanaryInterval, nameof(options.CanaryInterval));
        Positive(options.CanaryPatience, nameof(options.CanaryPatience));
        AtLeast(options.TasksRunningMax, 1, nameof(options.TasksRunningMax));
        AtLeast(options.OverdueRunningMax, 1, nameof(options.OverdueRunningMax));
        AtLeast(options.EndsAheadDays, 1, nameof(options.EndsAheadDays));
        AtLeast(options.RelayBacklogMax, 1, nameof(options.RelayBacklogMax));
        AtLeast(options.RelayBatchMax, 1, nameof(options.RelayBatchMax));
        AtLeast(options.RelayPublishMax, 1, nameof(options.RelayPublishMax));
        AtLeast(options.RelayAsideMax, 1, nameof(options.RelayAsideMax));
        AtLeast(options.RelayKnownMax, 1, nameof(options.RelayKnownMax));
        AtLeast(options.RemindersWaitingMax, 0, nameof(options.RemindersWaitingMax));
        foreach (var job in CronJobs.All)
            if (options.Schedules.TryGetValue(job.Job, out var change))
                faults.AddRange(change.Faults(job).Select(fault => $"Schedule {job.Job}, {fault.Key}: {fault.Value}"));
        faults.AddRange(options.Retention.Faults().Select(fault => $"Retention, {fault.Name}: {fault.Fault}."));
        if (options.Horizon < options.HorizonReadInterval * 2)
            faults.Add(
                "Horizon must be at least twice HorizonReadInterval, so that the next window is in memory before this one ends."
            );
        if (options.ResponseTimeout <= TimeSpan.FromSeconds(10))
            faults.Add("ResponseTimeout must be longer than the long poll of 10 s.");
        if (options.RunTimeout <= options.PortTimeout)
            faults.Add("RunTimeout must be longer than PortTimeout.");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
