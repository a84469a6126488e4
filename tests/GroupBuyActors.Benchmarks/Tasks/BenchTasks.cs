using System.Buffers.Text;
using System.Globalization;
using GroupBuyActors.Groups;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Benchmarks.Tasks;

/// <summary>
/// The tasks that are scheduled, fired and cancelled: <c>order-close</c> by name, shape and policy, for these are the
/// mass of the real ones. Of every series the tasks are numbered from 0, spread over all shards.
/// </summary>
internal static class BenchTasks
{
    /// <summary>Numbers that one series may use.</summary>
    private const long SeriesLength = 100_000_000;

    private static readonly string[] Regions = RegionsOfEverySlot();
    private static readonly GroupId[] Groups =
    [
        .. Enumerable.Range(0, ShardId.Count).Select(shard => GroupId.Parse(GroupOf(shard, 1, "bench"))),
    ];

    /// <summary>
    /// The shard of a series' task: neighbours in time are far apart, as orders of many merchants are.
    /// </summary>
    public static ShardId Scattered(int index) => new((int)((uint)index * 2654435761u >> 21));

    /// <summary>A task that tells the handler which it is.</summary>
    public static TimedTask New(ShardId shard, int series, int index, DateTimeOffset due)
    {
        var group = Groups[shard.Index];
        return new TimedTask
        {
            Key = new TaskKey(shard, due, TaskIds.Of(group.Actor, series * SeriesLength + index + 1, "order-close")),
            Type = OrderClose.TypeName,
            Actor = group.Actor,
            Payload = System.Text.Encoding.UTF8.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"[{series},{index}]")
            ),
            NextAt = due,
        };
    }

    /// <summary>Which task this payload is of.</summary>
    public static (int Series, int Index) Read(ReadOnlySpan<byte> payload)
    {
        if (
            !Utf8Parser.TryParse(payload[1..], out int series, out var length)
            || !Utf8Parser.TryParse(payload[(length + 2)..], out int index, out _)
        )
            throw new FormatException("The payload is none of the benchmark's.");
        return (series, index);
    }

    /// <summary>A group id of a shard; each <paramref name="turn"/> is another merchant.</summary>
    public static string GroupOf(int shard, int turn, string code) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(long)turn * ShardId.MerchantSlots + shard / ShardId.RegionSlots}."
                + $"{Regions[shard % ShardId.RegionSlots]}.{code}"
        );

    private static string[] RegionsOfEverySlot()
    {
        var regions = new string[ShardId.RegionSlots];
        for (var i = 0; regions.Contains(null); i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"SH-DISTRICT{i}");
            regions[ShardId.RegionSlotOf(name)] ??= name;
        }
        return regions;
    }
}
