using System.Diagnostics.Metrics;

namespace GroupBuyActors.Store.Committing;

/// <summary>Metrics of a committer. One instance per committer, so that tests can distinguish two.</summary>
internal sealed class CommitMetrics : IDisposable
{
    /// <summary>The name of the meter that all of the engine's instruments belong to.</summary>
    public const string MeterName = "GroupBuyActors";

    private readonly Histogram<int> _batchSize;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _stale;

    public CommitMetrics()
    {
        Meter = new Meter(MeterName);
        _batchSize = Meter.CreateHistogram<int>("commit_batch_size", description: "Commits per transaction.");
        _duration = Meter.CreateHistogram<double>(
            "commit_duration_seconds",
            "s",
            "Time from a commit's submission to its known outcome."
        );
        _retries = Meter.CreateCounter<long>(
            "commit_retries_total",
            description: "Transactions sent again, by reason."
        );
        _stale = Meter.CreateCounter<long>("commit_stale_total", description: "Commits refused.");
    }

    internal Meter Meter { get; }

    public void BatchWritten(int commits) => _batchSize.Record(commits);

    public void CommitEnded(TimeSpan duration) => _duration.Record(duration.TotalSeconds);

    public void Retried(string reason) => _retries.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Stale(int commits) => _stale.Add(commits);

    public void Dispose() => Meter.Dispose();
}
