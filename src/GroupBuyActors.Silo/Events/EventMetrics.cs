using System.Diagnostics.Metrics;
using GroupBuyActors.Silo.Connections;

namespace GroupBuyActors.Silo.Events;

/// <summary>How many watch, and how near that is to what is allowed.</summary>
internal sealed class EventMetrics
{
    private readonly Counter<long> _refused;
    private readonly Counter<long> _reads;
    private int _watchers;
    private int _feeds;

    public EventMetrics(IMeterFactory meters, ConnectionPlaces places)
    {
        var meter = meters.Create("GroupBuyActors");
        meter.CreateObservableGauge(
            "event_streams",
            () => Volatile.Read(ref _watchers),
            description: "Live streams of events that are open."
        );
        meter.CreateObservableGauge(
            "event_streams_max",
            () => places.StreamsMax,
            description: "Live streams of events that may be open."
        );
        meter.CreateObservableGauge(
            "event_feeds",
            () => Volatile.Read(ref _feeds),
            description: "Groups that are watched through this silo."
        );
        _refused = meter.CreateCounter<long>(
            "event_streams_refused_total",
            description: "Live streams that were refused because too many were open."
        );
        _reads = meter.CreateCounter<long>(
            "event_feed_reads_total",
            description: "Reads of the journal for live streams."
        );
        // So that they stand at 0 from the start.
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
