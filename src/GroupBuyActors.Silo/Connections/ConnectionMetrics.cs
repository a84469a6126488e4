using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace GroupBuyActors.Silo.Connections;

/// <summary>How near connections and descriptors are to their bounds.</summary>
internal sealed class ConnectionMetrics
{
    private readonly Meter _meter;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _told;
    private readonly Counter<long> _ended;
    private readonly Counter<long> _peersRefused;
    private readonly ConcurrentDictionary<int, Func<int>> _peers = new();

    public ConnectionMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("GroupBuyActors");
        _refused = _meter.CreateCounter<long>(
            "connections_refused_total",
            description: "Connections closed because all places were taken, spare ones too."
        );
        _told = _meter.CreateCounter<long>(
            "connections_busy_total",
            description: "Requests answered 503 because all places of connections were taken."
        );
        _ended = _meter.CreateCounter<long>(
            "connections_silent_total",
            description: "Connections ended because no request came on them."
        );
        _peersRefused = _meter.CreateCounter<long>(
            "peer_connections_refused_total",
            description: "Connections closed at Orleans' ports because there were too many."
        );
        _meter.CreateObservableGauge(
            "peer_connections",
            () => _peers.Select(port => Of(port.Value(), port.Key)),
            description: "Connections at Orleans' ports."
        );
        _meter.CreateObservableGauge(
            "peer_connections_max",
            () => _peers.Keys.Select(port => Of(PeerConnections.MaxOf(Descriptors.Limit), port)),
            description: "Connections that each of them takes."
        );
        // So that they stand at 0 from the start.
        foreach (var counter in (Counter<long>[])[_refused, _told, _ended, _peersRefused])
            counter.Add(0);
    }

    public void Refused() => _refused.Add(1);

    public void Told() => _told.Add(1);

    public void Ended() => _ended.Add(1);

    public void PeerRefused() => _peersRefused.Add(1);

    public void Observe(int port, Func<int> peers) => _peers[port] = peers;

    public void Observe(ConnectionPlaces places)
    {
        _meter.CreateObservableGauge("connections", () => places.Count, description: "Connections of HTTP.");
        _meter.CreateObservableGauge(
            "connections_max",
            () => places.Max,
            description: "Places for connections of HTTP."
        );
        _meter.CreateObservableGauge(
            "descriptors_open",
            () => Descriptors.Open ?? 0,
            description: "File descriptors that the process has open."
        );
        _meter.CreateObservableGauge(
            "descriptors_max",
            () => Descriptors.Limit ?? 0,
            description: "File descriptors that it may have; 0 without a limit."
        );
    }

    private static Measurement<int> Of(int count, int port) =>
        new(count, new KeyValuePair<string, object?>("port", port));
}
