using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace GroupBuyActors.Silo.Connections;

/// <summary>Metrics of connections and file descriptors, and of their bounds.</summary>
internal sealed class ConnectionMetrics
{
    private readonly Meter _meter;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _busy;
    private readonly Counter<long> _ended;
    private readonly Counter<long> _peersRefused;
    private readonly ConcurrentDictionary<int, Func<int>> _peers = new();

    public ConnectionMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("GroupBuyActors");
        _refused = _meter.CreateCounter<long>(
            "connections_refused_total",
            description: "HTTP connections closed at once because even the spare connections were in use."
        );
        _busy = _meter.CreateCounter<long>(
            "connections_busy_total",
            description: "Requests answered 503 because all HTTP connections were in use."
        );
        _ended = _meter.CreateCounter<long>(
            "connections_silent_total",
            description: "HTTP connections closed because no request arrived on them."
        );
        _peersRefused = _meter.CreateCounter<long>(
            "peer_connections_refused_total",
            description: "Connections closed at the silo and gateway ports because there were too many."
        );
        _meter.CreateObservableGauge(
            "peer_connections",
            () => _peers.Select(port => Of(port.Value(), port.Key)),
            description: "Open connections at the silo and gateway ports."
        );
        _meter.CreateObservableGauge(
            "peer_connections_max",
            () => _peers.Keys.Select(port => Of(PeerConnections.MaxOf(Descriptors.Limit), port)),
            description: "Maximum number of connections at the silo and gateway ports."
        );
        // So that they are exported as 0 from the start.
        foreach (var counter in (Counter<long>[])[_refused, _busy, _ended, _peersRefused])
            counter.Add(0);
    }

    public void Refused() => _refused.Add(1);

    public void Busy() => _busy.Add(1);

    public void Ended() => _ended.Add(1);

    public void PeerRefused() => _peersRefused.Add(1);

    public void Observe(int port, Func<int> peers) => _peers[port] = peers;

    public void Observe(ConnectionSlots slots)
    {
        _meter.CreateObservableGauge("connections", () => slots.Count, description: "Open HTTP connections.");
        _meter.CreateObservableGauge(
            "connections_max",
            () => slots.Max,
            description: "Maximum number of HTTP connections."
        );
        _meter.CreateObservableGauge(
            "descriptors_open",
            () => Descriptors.Open ?? 0,
            description: "Open file descriptors of the process."
        );
        _meter.CreateObservableGauge(
            "descriptors_max",
            () => Descriptors.Limit ?? 0,
            description: "Maximum number of file descriptors of the process; 0 means no limit."
        );
    }

    private static Measurement<int> Of(int count, int port) =>
        new(count, new KeyValuePair<string, object?>("port", port));
}
