using GroupBuyActors.Background;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Retries;
using GroupBuyActors.Store.Tasks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>The result of one reading of the horizon.</summary>
/// <param name="IsComplete">False if there is more to read soon.</param>
/// <param name="Added">The number of tasks that are new in memory.</param>
/// <param name="Recovered">How many of these a dead silo left behind.</param>
/// <param name="Took">The duration of the reading.</param>
internal readonly record struct HorizonPass(bool IsComplete, int Added, int Recovered, TimeSpan Took);

/// <summary>
/// Reads the tasks of this silo's shards from the table before they are due: the next window before the present one
/// ends, or everything from the beginning after <see cref="ReadAgain"/>.
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

    // Measured by the cluster's clock, like the tasks themselves, so that a jump of the clock affects both.
    protected override TimeProvider PauseClock => clock;

    /// <summary>Requests a reading from the beginning: after a fence, an earlier reading may be incomplete.</summary>
    public void ReadAgain()
    {
        _mustRead = true;
        RunSoon();
    }

    /// <summary>
    /// If a reading is wanted, reads all owned shards up to the end of the window, and again with shorter windows while
    /// there is more than memory may hold, so that tasks that are due first are not left out for later ones.
    /// </summary>
    public override async Task<HorizonPass> RunOnceAsync(CancellationToken cancellation)
    {
        var began = clock.GetTimestamp();
        // More is due than memory may hold: the next stretch is read when the present one is mostly done or about to
        // end.
        if ((!_wasComplete || scheduler.HasOverflowed) && !_mustRead && !scheduler.WantsMore)
            return new HorizonPass(false, 0, 0, TimeSpan.Zero);
        (_mustRead, _wasComplete) = (false, false);
        try
        {
            // Due tasks come first, because storing the first firings of thousands of shards takes many commits.
            HorizonPass read;
            do read = await ReadWindowAsync(cancellation);
            while (!read.IsComplete && !_mustRead && scheduler.CanNarrow);
            await firings.SeedAsync(cancellation);
            _wasComplete = read.IsComplete;
            return read with { Took = clock.GetElapsedTime(began) };
        }
        catch
        {
            // The reading is still wanted: what was scheduled or taken since the last one is in the table only.
            _mustRead = true;
            throw;
        }
    }

    protected override TimeSpan PauseAfter(HorizonPass result) =>
        result.IsComplete
            ? Sooner(options.Value.HorizonReadInterval, scheduler.Window / 2)
            : PauseBeforeMore(result.Took);

    /// <summary>
    /// If memory cannot hold even what is due within a second, at most half of the time is spent on reading.
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
            var (added, recovered) = scheduler.EndReading(found.Tasks, found.ReadTo);
            if (recovered > 0)
                TaskLog.HorizonRead(log, shards.Count, added, recovered);
            return new HorizonPass(found.Complete, added, recovered, TimeSpan.Zero);
        }
        catch
        {
            scheduler.GiveUpReading();
            throw;
        }
    }

    private static TimeSpan Sooner(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
