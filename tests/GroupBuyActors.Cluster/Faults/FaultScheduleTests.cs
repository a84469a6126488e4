using Xunit;

namespace GroupBuyActors.Cluster.Faults;

/// <summary>What every schedule keeps to, over many seeds.</summary>
public sealed class FaultScheduleTests
{
    private const int Silos = 3;
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(3);

    private static IEnumerable<FaultSchedule> Many() =>
        new[] { int.MinValue, -1, int.MaxValue }
            .Concat(Enumerable.Range(0, 5_000))
            .Select(seed => FaultSchedule.Of(seed, Length, Silos));

    [Fact]
    public void AScheduleFollowsFromItsSeed() =>
        Assert.All(
            Many(),
            schedule => Assert.Equal(schedule.ToString(), FaultSchedule.Of(schedule.Seed, Length, Silos).ToString())
        );

    [Fact]
    public void EveryFaultHasItsEndWithinTheSchedule() =>
        Assert.All(
            Many().SelectMany(schedule => schedule.Faults),
            fault =>
            {
                Assert.True(fault.At >= TimeSpan.Zero, fault.ToString());
                Assert.True(fault.For > TimeSpan.Zero, fault.ToString());
                Assert.True(fault.End <= Length, fault.ToString());
                Assert.InRange(fault.Silo, 0, Silos - 1);
                Assert.InRange(fault.FailRate, 0, 1);
                Assert.InRange(fault.Delay, TimeSpan.Zero, TimeSpan.FromSeconds(2));
            }
        );

    [Fact]
    public void AScheduleHasTwoToFourFaultsAndNoTargetHasTwo() =>
        Assert.All(
            Many(),
            schedule =>
            {
                Assert.InRange(schedule.Faults.Count, 2, 4);
                Assert.Equal(schedule.Faults.Count, schedule.Faults.Select(fault => fault.Target).Distinct().Count());
                Assert.InRange(schedule.Faults.Count(fault => fault.EndsSilo), 0, 1);
            }
        );

    [Fact]
    public void NeighbouringSeedsMeetEveryKind() =>
        Assert.All(
            Enumerable.Range(-50, 200),
            first =>
                Assert.Empty(
                    FaultSchedule.Kinds.Except(
                        Enumerable
                            .Range(first, FaultSchedule.Kinds.Count)
                            .SelectMany(seed => FaultSchedule.Of(seed, Length, Silos).Faults)
                            .Select(fault => fault.Kind)
                    )
                )
        );

    [Fact]
    public void FaultsOfALongScheduleLastLonger()
    {
        Assert.InRange(Longest(TimeSpan.FromSeconds(2.5)), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1.5));
        Assert.InRange(Longest(TimeSpan.FromSeconds(20)), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(12));

        static TimeSpan Longest(TimeSpan length) =>
            Enumerable
                .Range(0, 1_000)
                .SelectMany(seed => FaultSchedule.Of(seed, length, Silos).Faults)
                .Where(fault => fault.Kind == FaultKind.SiloFrozen)
                .Max(fault => fault.For);
    }

    [Fact]
    public void AShortScheduleIsKeptToTheLetter()
    {
        var shortest = TimeSpan.FromMilliseconds(200);
        Assert.All(
            Enumerable.Range(0, 500),
            seed =>
                Assert.All(
                    FaultSchedule.Of(seed, shortest, 1).Faults,
                    fault => Assert.True(fault.End <= shortest, fault.ToString())
                )
        );
    }
}
