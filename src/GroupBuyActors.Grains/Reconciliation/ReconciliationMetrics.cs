using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.Json;
using GroupBuyActors.Placement;

namespace GroupBuyActors.Reconciliation;

/// <summary>Metrics of the last comparisons of the slots that this silo compares.</summary>
internal sealed class ReconciliationMetrics
{
    private readonly ConcurrentDictionary<int, SlotBooks> _slots = new();
    private readonly OwnedShards _owned;

    public ReconciliationMetrics(IMeterFactory meters, OwnedShards owned)
    {
        _owned = owned;
        var meter = meters.Create("GroupBuyActors");
        meter.CreateObservableGauge(
            "reconciliation_differences",
            Differences,
            description: "Entries that differ between a merchant's and a service's books, at the last comparison."
        );
        meter.CreateObservableGauge(
            "reconciliation_last_success",
            LastSuccess,
            description: "Unix time in seconds of the last complete comparison, the oldest among this silo's slots."
        );
    }

    /// <summary>The results of one slot.</summary>
    public SlotBooks Of(int slot) => _slots.GetOrAdd(slot, _ => new SlotBooks());

    public static string NameOf(DifferenceKind kind) => JsonSerializer.SerializeToElement(kind).GetString()!;

    private IEnumerable<Measurement<long>> Differences() =>
        from kind in Enum.GetValues<DifferenceKind>()
        from port in (string[])["payments", "inventory"]
        select new Measurement<long>(
            Own().Sum(slot => slot.Count(port, kind)),
            new("port", port),
            new("kind", NameOf(kind))
        );

    // The oldest of all slots, so that a slot that is no longer compared is noticed.
    private IEnumerable<Measurement<long>> LastSuccess()
    {
        var times = Own().Select(slot => slot.SucceededAt).OfType<DateTimeOffset>().ToList();
        if (times.Count > 0)
            yield return new Measurement<long>(times.Min().ToUnixTimeSeconds());
    }

    private IEnumerable<SlotBooks> Own() =>
        _slots
            .Where(slot => _owned.EpochOf(new ShardId(slot.Key * ShardId.RegionSlots)) > 0)
            .Select(slot => slot.Value);
}

/// <summary>The results of comparing the merchants of one slot.</summary>
internal sealed class SlotBooks
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Port, DifferenceKind Kind), long> _found = [];
    private DateTimeOffset? _succeededAt;

    public DateTimeOffset? SucceededAt
    {
        get
        {
            lock (_gate)
                return _succeededAt;
        }
    }

    /// <summary>Adds the results of a run; the first run of a day replaces those of the day before.</summary>
    public void Take(IReadOnlyDictionary<(string Port, DifferenceKind Kind), long> found, bool isFirst)
    {
        lock (_gate)
        {
            if (isFirst)
                _found.Clear();
            foreach (var (of, count) in found)
                _found[of] = _found.GetValueOrDefault(of) + count;
        }
    }

    public long Count(string port, DifferenceKind kind)
    {
        lock (_gate)
            return _found.GetValueOrDefault((port, kind));
    }

    public void Succeed(DateTimeOffset now)
    {
        lock (_gate)
            _succeededAt = now;
    }
}
