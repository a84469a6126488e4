using System.Diagnostics.Metrics;

namespace GroupBuyActors.Relay;

/// <summary>Metrics of forwarding streams to sinks.</summary>
internal sealed class RelayMetrics
{
    private readonly Meter _meter;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _published;
    private readonly Counter<long> _eventsParked;

    public RelayMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("GroupBuyActors");
        _failures = _meter.CreateCounter<long>(
            "relay_failures_total",
            description: "Batches that a sink failed to take."
        );
        _published = _meter.CreateCounter<long>("relay_published_total", description: "Events published.");
        _eventsParked = _meter.CreateCounter<long>(
            "relay_events_parked_total",
            description: "Events that were rejected permanently."
        );
    }

    public void Failed(string sink) => _failures.Add(1, new KeyValuePair<string, object?>("sink", sink));

    public void Published(string sink, int events) =>
        _published.Add(events, new KeyValuePair<string, object?>("sink", sink));

    public void Parked(string sink) => _eventsParked.Add(1, new KeyValuePair<string, object?>("sink", sink));

    public void Observe(Func<IEnumerable<StreamForwarder>> forwarders)
    {
        _meter.CreateObservableGauge(
            "relay_backlog",
            () =>
                forwarders()
                    .GroupBy(forwarder => forwarder.Sink)
                    .Select(sink => new Measurement<long>(
                        sink.Sum(forwarder => forwarder.Backlog),
                        new KeyValuePair<string, object?>("sink", sink.Key)
                    )),
            description: "Commits that a sink has not taken yet."
        );
        _meter.CreateObservableGauge(
            "relay_lag_seconds",
            () =>
                forwarders()
                    .GroupBy(forwarder => forwarder.Sink)
                    .Select(sink => new Measurement<double>(
                        sink.Max(forwarder => forwarder.Lag),
                        new KeyValuePair<string, object?>("sink", sink.Key)
                    )),
            unit: "s",
            description: "Age of the oldest commit that a sink has not taken yet."
        );
        _meter.CreateObservableGauge(
            "relay_waiting",
            () => Actors(forwarders, forwarder => forwarder.ActorsWaiting),
            description: "Groups blocked by an event in another stream."
        );
        _meter.CreateObservableGauge(
            "relay_parked",
            () => Actors(forwarders, forwarder => forwarder.ActorsParked),
            description: "Groups parked until an operator decides."
        );
    }

    private static IEnumerable<Measurement<int>> Actors(
        Func<IEnumerable<StreamForwarder>> forwarders,
        Func<StreamForwarder, int> actors
    ) =>
        forwarders()
            .GroupBy(forwarder => forwarder.Sink)
            .Select(sink => new Measurement<int>(
                sink.Sum(actors),
                new KeyValuePair<string, object?>("sink", sink.Key)
            ));
}
