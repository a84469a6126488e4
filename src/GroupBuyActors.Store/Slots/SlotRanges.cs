using System.Globalization;

namespace GroupBuyActors.Store.Slots;

/// <summary>Checks how merchant slots are divided among databases.</summary>
internal static class SlotRanges
{
    /// <summary>
    /// What is wrong with these databases, each fault as the range that it is about (empty: all of them) and the rest
    /// of a sentence. Every slot must be in exactly one range.
    /// </summary>
    public static IReadOnlyList<(string Range, string Fault)> Faults(IReadOnlyDictionary<string, string> databases)
    {
        var faults = new List<(string, string)>();
        var ranges = new List<SlotRange>();
        foreach (var (text, connectionString) in databases)
        {
            if (!SlotRange.TryParse(text, out var range))
                faults.Add((text, "must be a range of merchant slots such as 0-63"));
            else if (range.Last >= ShardId.MerchantSlots || range.First > range.Last)
                faults.Add((text, $"must be within {SlotRange.All}, the lower slot first"));
            else
                ranges.Add(range);
            if (string.IsNullOrWhiteSpace(connectionString))
                faults.Add((text, "must be a connection string"));
        }

        // Gaps and overlaps are known only if every range can be read.
        return faults.Count > 0 ? faults : Divided(ranges);
    }

    /// <summary>The ranges in ascending order; the databases must have no faults.</summary>
    public static IReadOnlyList<(SlotRange Range, string ConnectionString)> InOrder(
        IReadOnlyDictionary<string, string> databases
    ) =>
        [
            .. databases
                .Select(database =>
                    SlotRange.TryParse(database.Key, out var range)
                        ? (range, database.Value)
                        : throw new FormatException($"'{database.Key}' is not a range of merchant slots.")
                )
                .OrderBy(database => database.range.First),
        ];

    private static List<(string, string)> Divided(List<SlotRange> ranges)
    {
        var faults = new List<(string, string)>();
        var next = 0;
        foreach (var range in ranges.OrderBy(range => range.First).ThenBy(range => range.Last))
        {
            if (range.First > next)
                faults.Add(("", $"has no database for {Slots(next, range.First - 1)}"));
            else if (range.First < next)
                faults.Add(
                    (
                        range.ToString(),
                        $"overlaps another range in {Slots(range.First, Math.Min(range.Last, next - 1))}"
                    )
                );
            next = Math.Max(next, range.Last + 1);
        }

        if (ranges.Count > 0 && next < ShardId.MerchantSlots)
            faults.Add(("", $"has no database for {Slots(next, ShardId.MerchantSlots - 1)}"));
        return faults;
    }

    private static string Slots(int first, int last) =>
        first == last
            ? string.Create(CultureInfo.InvariantCulture, $"merchant slot {first}")
            : $"merchant slots {new SlotRange(first, last)}";
}
