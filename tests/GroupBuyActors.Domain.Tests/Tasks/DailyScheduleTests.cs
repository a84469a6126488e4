using CsCheck;

namespace GroupBuyActors.Tasks;

public sealed class DailyScheduleTests
{
    private static readonly DailySchedule Scan = DailySchedule.VoucherScan();

    [Fact]
    public void EveryShardFiresOnceADayWithinTenMinutesOfMidnightInItsZone()
    {
        // Midnight in Shanghai is 16:00 UTC.
        var midnight = new DateTimeOffset(2026, 11, 23, 16, 0, 0, TimeSpan.Zero);
        for (var index = 0; index < ShardId.Count; index++)
        {
            var shard = new ShardId(index);
            var first = Scan.Next(shard, midnight.AddHours(-12))!.Value;
            Assert.InRange((first - midnight).Duration(), TimeSpan.Zero, TimeSpan.FromMinutes(10));
            Assert.Equal(first.AddDays(1), Scan.Next(shard, first));
        }
    }

    [Fact]
    public void ShardsAreSpreadAndAlwaysTheSame()
    {
        var offsets = Enumerable.Range(0, ShardId.Count).Select(index => Scan.OffsetOf(new ShardId(index))).ToList();
        Assert.Equal(offsets, Enumerable.Range(0, ShardId.Count).Select(index => DailySchedule.VoucherScan("UTC").OffsetOf(new ShardId(index))));
        Assert.True(offsets.Distinct().Count() > 600, "Shards fire together.");
        Assert.InRange(offsets.Average(offset => offset.TotalSeconds), -40, 40);
    }

    [Fact]
    public void NextIsAfterAndNoFiringIsLeftOut() =>
        Gen.Select(Gen.Int[0, ShardId.Count - 1], Gen.Long[0, 400L * 86_400_000]).Sample((index, ms) =>
        {
            var shard = new ShardId(index);
            var after = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMilliseconds(ms);
            var next = Scan.Next(shard, after)!.Value;
            Assert.InRange(next - after, TimeSpan.FromTicks(1), TimeSpan.FromDays(1));
            Assert.Equal(TimeSpan.Zero, next.Offset);
        });

    [Fact]
    public void DaylightSavingKeepsMidnight()
    {
        var paris = DailySchedule.VoucherScan("Europe/Paris");
        var shard = new ShardId(0);
        var winter = paris.Next(shard, new DateTimeOffset(2026, 1, 10, 12, 0, 0, TimeSpan.Zero))!.Value - paris.OffsetOf(shard);
        var summer = paris.Next(shard, new DateTimeOffset(2026, 7, 10, 12, 0, 0, TimeSpan.Zero))!.Value - paris.OffsetOf(shard);
        Assert.Equal((23, 22), (winter.Hour, summer.Hour));
    }
}
