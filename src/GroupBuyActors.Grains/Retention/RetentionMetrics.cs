using System.Diagnostics.Metrics;

namespace GroupBuyActors.Retention;

/// <summary>Metrics of retention.</summary>
internal sealed class RetentionMetrics
{
    private readonly Meter _meter;
    private readonly Counter<long> _rows;
    private readonly Counter<long> _failures;

    public RetentionMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("GroupBuyActors");
        _rows = _meter.CreateCounter<long>(
            "retention_rows_removed_total",
            description: "Expired rows removed, by kind."
        );
        _failures = _meter.CreateCounter<long>(
            "retention_failures_total",
            description: "Failed attempts to remove expired rows, by kind."
        );
    }

    public void Removed(string kind, int rows) => _rows.Add(rows, new KeyValuePair<string, object?>("kind", kind));

    public void Failed(string kind) => _failures.Add(1, new KeyValuePair<string, object?>("kind", kind));

    /// <summary>Registers the metrics, and makes the counters visible with zero from the start.</summary>
    public void Observe(IEnumerable<string> kinds, Func<IEnumerable<(string Kind, TimeSpan Behind)>> behind)
    {
        foreach (var kind in kinds)
        {
            Removed(kind, 0);
            _failures.Add(0, new KeyValuePair<string, object?>("kind", kind));
        }

        _meter.CreateObservableGauge(
            "retention_behind_seconds",
            () =>
                behind()
                    .Select(kind => new Measurement<double>(
                        kind.Behind.TotalSeconds,
                        new KeyValuePair<string, object?>("kind", kind.Kind)
                    )),
            description: "For how long there has been a backlog of expired rows, by kind."
        );
    }
}
