using System.Globalization;

namespace GroupBuyActors.Benchmarks.Cluster;

/// <summary>
/// Gaps between two answers of groups, of many events such as kills of silos: of groups that were on the silo in
/// question, and of the others.
/// </summary>
internal sealed class Gaps
{
    private static readonly int[] BoundsMs = [50, 100, 200, 300, 500, 800, 1_200, 2_000, 4_000, 8_000, 12_000, 20_000];
    private readonly List<TimeSpan> _hit = [];
    private readonly List<TimeSpan> _others = [];
    private readonly List<TimeSpan> _longestOfEach = [];

    /// <summary>How many events.</summary>
    public int Events => _longestOfEach.Count;

    /// <summary>The longest of all groups, hit or not.</summary>
    public TimeSpan Longest => _longestOfEach.DefaultIfEmpty().Max();

    /// <summary>One event: the gap of each group, and whether it was on the silo in question.</summary>
    public void Add(IEnumerable<(TimeSpan Gap, bool Hit)> gaps)
    {
        var longest = TimeSpan.Zero;
        foreach (var (gap, hit) in gaps)
        {
            (hit ? _hit : _others).Add(gap);
            longest = gap > longest ? gap : longest;
        }
        _longestOfEach.Add(longest);
    }

    /// <summary>A percentile of the groups that were hit: a longer gap had at most the rest.</summary>
    public TimeSpan Percentile(double percent) => Percentile(_hit, percent);

    /// <summary>Lines for people.</summary>
    public IEnumerable<string> Describe(string what)
    {
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{what}: {Events} times; gap of the {_hit.Count} groups on that silo p50 {Ms(Percentile(50))}, p99 "
                + $"{Ms(Percentile(99))}, max {Ms(Percentile(100))} ms; of the {_others.Count} on others p99 "
                + $"{Ms(Percentile(_others, 99))}, max {Ms(Percentile(_others, 100))} ms; longest of any group "
                + $"each time: median {Ms(Percentile(_longestOfEach, 50))}, max {Ms(Longest)} ms"
        );
        var from = 0;
        foreach (var to in BoundsMs.Append(int.MaxValue))
        {
            var (hit, others) = (Between(_hit, from, to), Between(_others, from, to));
            if (hit + others > 0)
                yield return string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {from, 6} to {(to == int.MaxValue ? "" : to), 6} ms  {hit, 6} on it  {others, 6} on others  "
                        + $"{new string('#', (int)Math.Ceiling(50.0 * hit / Math.Max(1, _hit.Count)))}"
                );
            from = to;
        }
    }

    private static int Between(List<TimeSpan> gaps, int from, int to) =>
        gaps.Count(gap => gap.TotalMilliseconds >= from && gap.TotalMilliseconds < to);

    private static string Ms(TimeSpan time) => time.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);

    private static TimeSpan Percentile(List<TimeSpan> gaps, double percent) =>
        gaps.Count == 0
            ? TimeSpan.Zero
            : gaps.Order().ElementAt(Math.Max(0, (int)Math.Ceiling(gaps.Count * percent / 100) - 1));
}
