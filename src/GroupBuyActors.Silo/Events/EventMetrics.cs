using System.Diagnostics.Metrics;
using GroupBuyActors.Silo.Connections;

namespace GroupBuyActors.Silo.Events;

/// <summary>Metrics of event streams, and of their bound.</summary>
internal sealed class EventMetrics
{
    private readonly Counter<long> _refused;
    private readonly Counter<long> _reads;
    private int _watchers;
    private int _feeds;

    public EventMetrics(IMeterFactory meters, ConnectionSlots slots)
    {
        var meter = meters.Create("GroupBuyActors");
        meter.CreateObservableGauge(
            "event_streams",
            () => Volatile.Read(ref _watchers),
            description: "Open event streams."
        );
        meter.CreateObservableGauge(
            "event_streams_max",
            () => slots.StreamsMax,
            description: "Maximum number of open event streams."
        );
        meter.CreateObservableGauge(
            "event_feeds",
            () => Volatile.Read(ref _feeds),
            description: "Groups with at least one open event stream on this silo."
        );
        _refused = meter.CreateCounter<long>(
            "event_streams_refused_total",
            description: "Event streams refused because too many were open."
        );
        _reads = meter.CreateCounter<long>(
            "event_feed_reads_total",
            description: "Reads of the journal for event streams."
        );
        // So that they are exported as 0 from the start.
        _refused.Add(0);
        _reads.Add(0);
    }

    public void Refused() => _refused.Add(1);

    public void Read() => _reads.Add(1);

    public void Watching(int watchers, int feeds)
    {
        Volatile.Write(ref _watchers, watchers);
        Volatile.Write(ref _feeds, feeds);
    }
}
