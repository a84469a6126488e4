using GroupBuyActors.Background;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Retries;
using GroupBuyActors.Store.Tasks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>What one reading of the horizon did.</summary>
/// <param name="IsComplete">False where there is more to read soon.</param>
/// <param name="Added">Tasks that are new in memory.</param>
/// <param name="Overdue">Of these, tasks that a dead silo left behind.</param>
/// <param name="Took">How long it took.</param>
internal readonly record struct HorizonPass(bool IsComplete, int Added, int Overdue, TimeSpan Took);

/// <summary>
/// Reads the tasks of this silo's shards from the table before they are due: the next window before the last one ends;
/// all of it from the left edge where that is asked for.
/// </summary>
internal sealed class HorizonReader(
    ITaskStore store,
    LocalTaskScheduler scheduler,
    OwnedShards owned,
    CronScheduler firings,
    ClusterClock clock,
    IOptions<GrainsOptions> options,
    ILogger<HorizonReader> log
) : PeriodicService<HorizonPass>
{
    private static readonly TimeSpan RetryRead = TimeSpan.FromMilliseconds(500),
        LeastPause = TimeSpan.FromMilliseconds(50);
    private volatile bool _mustRead = true;
    private bool _wasComplete = true;

    public override string Name => "task-horizon";

    public override bool IsEssential => true;

    internal override Backoff Retry => new(RetryRead, RetryRead);

    // By the cluster's clock, like the tasks themselves: a clock that jumps brings its tasks with it.
    protected override TimeProvider PauseClock => clock;

    /// <summary>Reads from the left edge: after a fence, what was read before it does not count.</summary>
    public void ReadAgain()
    {
        _mustRead = true;
        RunSoon();
    }

    /// <summary>
    /// Reads where it is wanted all owned shards up to the end of the window, and again up to nearer ends while there
    /// is more than memory may hold: what is due first must not be left out for what is due later.
    /// </summary>
    public override async Task<HorizonPass> RunOnceAsync(CancellationToken cancellation)
    {
        var began = clock.GetTimestamp();
        // More was due than memory holds: the next stretch is read when this one is mostly done, or about to end.
        if ((!_wasComplete || scheduler.HasOverflowed) && !_mustRead && !scheduler.WantsMore)
            return new HorizonPass(false, 0, 0, TimeSpan.Zero);
        (_mustRead, _wasComplete) = (false, false);
        try
        {
            // First what is due: first firings of thousands of shards are many commits.
            HorizonPass read;
            do read = await ReadWindowAsync(cancellation);
            while (!read.IsComplete && !_mustRead && scheduler.CanNarrow);
            await firings.SeedAsync(cancellation);
            _wasComplete = read.IsComplete;
            return read with { Took = clock.GetElapsedTime(began) };
        }
        catch
        {
            // Whoever wanted it still does: what was scheduled or taken since the last reading is in the table only.
            _mustRead = true;
            throw;
        }
    }

    protected override TimeSpan PauseAfter(HorizonPass result) =>
        result.IsComplete
            ? Sooner(options.Value.HorizonReadInterval, scheduler.Window / 2)
            : PauseBeforeMore(result.Took);

    /// <summary>
    /// Where all of memory is not enough for what is due within a second, half of the time at most goes into reading.
    /// </summary>
    private TimeSpan PauseBeforeMore(TimeSpan took) =>
        _mustRead || !scheduler.WantsMore ? RetryRead
        : took < LeastPause ? LeastPause
        : Sooner(took, RetryRead);

    private async Task<HorizonPass> ReadWindowAsync(CancellationToken cancellation)
    {
        var shards = owned.ToList();
        if (shards.Count == 0)
            return new HorizonPass(true, 0, 0, TimeSpan.Zero);
        var until = scheduler.BeginReading();
        try
        {
            var found = await store.ReadHorizonAsync(shards, until, options.Value.HorizonTasksMax, cancellation);
            var (added, overdue) = scheduler.EndReading(found.Tasks, found.ReadTo);
            if (overdue > 0)
                TaskLog.HorizonRead(log, shards.Count, added, overdue);
            return new HorizonPass(found.Complete, added, overdue, TimeSpan.Zero);
        }
        catch
        {
            scheduler.GiveUpReading();
            throw;
        }
    }

    private static TimeSpan Sooner(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
