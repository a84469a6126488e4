using System.Diagnostics.Metrics;

namespace GroupBuyActors.Relay;

/// <summary>How far sinks are behind the streams.</summary>
internal sealed class RelayMetrics
{
    private readonly Meter _meter;
    private readonly Counter<long> _failures;

    public RelayMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("GroupBuyActors");
        _failures = _meter.CreateCounter<long>("relay_failures_total", description: "Stretches a sink did not take at once.");
    }

    public void Failed(string sink) => _failures.Add(1, new KeyValuePair<string, object?>("sink", sink));

    public void Observe(Func<IEnumerable<SinkPump>> pumps)
    {
        _meter.CreateObservableGauge("relay_backlog", () => pumps().GroupBy(pump => pump.Sink)
            .Select(sink => new Measurement<long>(sink.Sum(pump => pump.Backlog), new KeyValuePair<string, object?>("sink", sink.Key))),
            description: "Commits a sink has not taken yet.");
        _meter.CreateObservableGauge("relay_lag_seconds", () => pumps().GroupBy(pump => pump.Sink)
            .Select(sink => new Measurement<double>(sink.Max(pump => pump.Lag), new KeyValuePair<string, object?>("sink", sink.Key))),
            unit: "s", description: "How long the oldest of them waits.");
    }
}
