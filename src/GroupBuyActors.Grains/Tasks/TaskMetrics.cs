using System.Diagnostics.Metrics;

namespace GroupBuyActors.Tasks;

/// <summary>Metrics of timed tasks.</summary>
internal sealed class TaskMetrics
{
    private readonly Meter _meter;
    private readonly Histogram<double> _lateness;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _dead;
    private readonly Counter<long> _breaches;

    // A lateness of zero means as exact as the machine allows; a run later than this is still counted as a breach.
    private static readonly TimeSpan Strict = TimeSpan.FromMilliseconds(50);

    public TaskMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("GroupBuyActors");
        double[] seconds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600];
        var buckets = new InstrumentAdvice<double> { HistogramBucketBoundaries = seconds };
        _lateness = _meter.CreateHistogram(
            "task_lateness_seconds",
            "s",
            "Time from a task's due time to the start of its run.",
            advice: buckets
        );
        _duration = _meter.CreateHistogram(
            "task_execution_duration_seconds",
            "s",
            "Duration of task runs, by type and outcome.",
            advice: buckets
        );
        _retries = _meter.CreateCounter<long>("task_retries_total", description: "Retries after a failed run.");
        _dead = _meter.CreateCounter<long>("task_dead_letters_total", description: "Tasks that became dead letters.");
        _breaches = _meter.CreateCounter<long>(
            "task_lateness_breaches_total",
            description: "Runs that started later than the lateness their type's policy allows."
        );
    }

    public void Started(string type, TimeSpan lateness, TimeSpan promised)
    {
        var tag = new KeyValuePair<string, object?>("type", type);
        _lateness.Record(Math.Max(0, lateness.TotalSeconds), tag);
        if (lateness > promised && lateness > Strict)
            _breaches.Add(1, tag);
    }

    public void Dead(string type) => _dead.Add(1, new KeyValuePair<string, object?>("type", type));

    public void Ended(string type, string outcome, TimeSpan took) =>
        _duration.Record(took.TotalSeconds, new("type", type), new("outcome", outcome));

    public void Retried(string type) => _retries.Add(1, new KeyValuePair<string, object?>("type", type));

    public void Observe(
        Func<IEnumerable<(string Type, long Pending, int Due)>> counts,
        Func<IEnumerable<KeyValuePair<string, int>>> parked,
        Func<int> shards
    )
    {
        _meter.CreateObservableGauge(
            "task_parked",
            () => parked().Select(type => Of(type.Value, type.Key)),
            description: "Due tasks that are parked because this silo cannot process them."
        );
        _meter.CreateObservableGauge(
            "task_pending_total",
            () => counts().Select(count => Of(count.Pending, count.Type)),
            description: "Unfinished tasks of this silo's shards, in the table and in memory."
        );
        _meter.CreateObservableGauge(
            "task_due_backlog",
            () => counts().Select(count => Of(count.Due, count.Type)),
            description: "Tasks that are due and not finished."
        );
        _meter.CreateObservableGauge("shard_owned", shards, description: "Shards owned by this silo.");
    }

    private static Measurement<T> Of<T>(T count, string type)
        where T : struct => new(count, new KeyValuePair<string, object?>("type", type));
}
