using System.Globalization;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Slots;

namespace GroupBuyActors.Store.Tests.Slots;

/// <summary>Pages that may be short although more follows, because a scan reads a bounded number of rows.</summary>
public sealed class KeysetMergeTests
{
    private static readonly KeysetMerge<int, int> Merge = new(
        item => item,
        token => int.Parse(token, CultureInfo.InvariantCulture),
        position => position.ToString(CultureInfo.InvariantCulture),
        Comparer<int>.Default
    );

    [Fact]
    public void EveryItemComesOnceAndInOrderWhateverTheScansShow()
    {
        for (var round = 0; round < 500; round++)
        {
            var seed = Environment.TickCount + round;
            var random = new Random(seed);
            var items = Enumerable.Range(1, 60).Where(_ => random.Next(3) > 0).ToList();
            var sources = items.ToLookup(_ => random.Next(3)).Select(source => source.ToList()).ToList();
            var (limit, after, seen, pages) = (random.Next(1, 9), 0, new List<int>(), 0);
            while (true)
            {
                var page = Merge.Page([.. sources.Select(source => Scan(source, after, limit, random))], limit);
                Assert.True(page.Items.Count <= limit, $"Seed {seed}.");
                seen.AddRange(page.Items);
                Assert.True(pages++ < 1_000, $"Seed {seed}: the list does not end.");
                if (page.Next is null)
                    break;
                after = int.Parse(page.Next, CultureInfo.InvariantCulture);
            }

            Assert.True(items.SequenceEqual(seen), $"Seed {seed}.");
        }
    }

    /// <summary>A scan of a few positions, which finds what is at them.</summary>
    private static Page<int> Scan(List<int> source, int after, int limit, Random random)
    {
        var end = after + random.Next(1, 12);
        var found = source.Where(item => item > after && item <= end).Take(limit + 1).ToList();
        if (found.Count > limit)
            return new Page<int>(found[..limit], found[limit - 1].ToString(CultureInfo.InvariantCulture));
        return new Page<int>(
            found,
            source.Exists(item => item > end) ? end.ToString(CultureInfo.InvariantCulture) : null
        );
    }
}
