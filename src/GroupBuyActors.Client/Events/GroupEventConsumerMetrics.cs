using System.Diagnostics.Metrics;

namespace GroupBuyActors.Client;

/// <summary>Metrics of a consumer; every instrument has the consumer group as a tag.</summary>
internal sealed class GroupEventConsumerMetrics : IDisposable
{
    private readonly Meter _meter = new(GroupEventConsumer.MeterName);
    private readonly KeyValuePair<string, object?> _group;
    private readonly Counter<long> _events;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _gaps;
    private readonly Histogram<double> _duration;

    public GroupEventConsumerMetrics(string consumerGroup, Func<long> lag)
    {
        _group = new("group", consumerGroup);
        _events = _meter.CreateCounter<long>(
            "consumer_events_total",
            description: "Messages read, by outcome: stored, repeated, malformed."
        );
        _retries = _meter.CreateCounter<long>(
            "consumer_retries_total",
            description: "Batches retried after a failure."
        );
        _gaps = _meter.CreateCounter<long>("consumer_gaps_total", description: "Gaps found in the events of a group.");
        _duration = _meter.CreateHistogram<double>("consumer_batch_duration_seconds", "s", "Time to store one batch.");
        _meter.CreateObservableGauge(
            "consumer_lag",
            () => new Measurement<long>(lag(), _group),
            description: "Messages on this process's partitions that are not stored yet; sum them over all processes."
        );
    }

    public void Stored(int events, TimeSpan duration)
    {
        _events.Add(events, _group, new("outcome", "stored"));
        _duration.Record(duration.TotalSeconds, _group);
    }

    public void Repeated() => _events.Add(1, _group, new("outcome", "repeated"));

    public void Malformed() => _events.Add(1, _group, new("outcome", "malformed"));

    public void Retried() => _retries.Add(1, _group);

    public void Gap() => _gaps.Add(1, _group);

    public void Dispose() => _meter.Dispose();
}
