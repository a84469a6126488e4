using System.Diagnostics.Metrics;

namespace GroupBuyActors.Placement;

/// <summary>Metrics of actors that are not at home.</summary>
internal sealed class PlacementMetrics
{
    private readonly Meter _meter;
    private readonly Counter<long> _moved;

    public PlacementMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("GroupBuyActors");
        _moved = _meter.CreateCounter<long>(
            "actors_moved_total",
            description: "Active actors moved to another silo, with their memory sent along (kept) or not (loaded)."
        );
        Moved(0, keptMemory: true);
        Moved(0, keptMemory: false);
    }

    public void Moved(int actors, bool keptMemory) =>
        _moved.Add(actors, new KeyValuePair<string, object?>("memory", keptMemory ? "kept" : "loaded"));

    /// <summary>Registers the gauge; called once.</summary>
    public void Observe(Func<int> misplaced) =>
        _meter.CreateObservableGauge(
            "actors_misplaced",
            misplaced,
            description: "Actors active on this silo that are at home on another and are to move."
        );
}
