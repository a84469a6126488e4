using CsCheck;

namespace GroupBuyActors.Placement;

public sealed class RendezvousTests
{
    private static readonly string?[] Regions = [null, "SH-PUDONG", "SH", "BJ-HAIDIAN"];

    private static readonly Gen<List<SiloSlot>> Silos = Gen.Select(Gen.Int[0, 999], Gen.Int[0, 3])
        .List[1, 12]
        .Select(drawn =>
            drawn
                .DistinctBy(silo => silo.Item1)
                .Select(silo => new SiloSlot($"silo-{silo.Item1}", Regions[silo.Item2]))
                .ToList()
        );

    [Fact]
    public void AllAgreeWhateverTheOrderTheyKnowTheSilosIn() =>
        Gen.Select(Silos, Gen.Int[0, ShardId.Count - 1], Gen.Int[0, 11])
            .Sample(
                (silos, index, turn) =>
                {
                    var turned = silos.Skip(turn % silos.Count).Concat(silos.Take(turn % silos.Count)).ToList();
                    Assert.Equal(Home(index, silos), Home(index, turned));
                }
            );

    [Fact]
    public void SiloThatLeavesMovesOnlyWhatItHadUnlessItWasTheLastOfItsRegion() =>
        Gen.Select(Silos.Where(silos => silos.Count > 1), Gen.Int[0, 11])
            .Sample(
                (silos, leaver) =>
                {
                    var gone = silos[leaver % silos.Count];
                    var rest = silos.Where(silo => silo != gone).ToList();
                    for (var index = 0; index < ShardId.Count; index += 7)
                    {
                        var before = Home(index, silos);
                        if (before != gone.Name)
                            Assert.Equal(before, Home(index, rest));
                    }
                },
                iter: 200
            );

    [Fact]
    public void OneSiloMoreMovesItsShare()
    {
        for (var n = 1; n <= 8; n++)
        {
            var silos = Enumerable.Range(0, n).Select(i => new SiloSlot($"groupbuy-{i}", null)).ToList();
            var more = silos.Append(new SiloSlot($"groupbuy-{n}", null)).ToList();
            var moved = Enumerable
                .Range(0, ShardId.Count)
                .Where(index => Home(index, silos) != Home(index, more))
                .ToList();
            Assert.All(moved, index => Assert.Equal($"groupbuy-{n}", Home(index, more)));
            Assert.InRange(moved.Count, 0.75 * ShardId.Count / (n + 1), 1.25 * ShardId.Count / (n + 1));
        }
    }

    [Fact]
    public void SiloThatJoinsTakesOnlyForItselfWhateverTheNamesAndRegions() =>
        Gen.Select(Silos, Gen.Int[0, 3])
            .Sample(
                (silos, region) =>
                {
                    var more = silos.Append(new SiloSlot("joined", Regions[region])).ToList();
                    for (var index = 0; index < ShardId.Count; index += 7)
                        if (Home(index, more) is not "joined" and var home)
                            Assert.Equal(Home(index, silos), home);
                },
                iter: 200
            );

    [Fact]
    public void SilosOfTheShardsRegionComeFirst()
    {
        List<SiloSlot> silos = [new("a", null), new("b", "SH-PUDONG"), new("c", "SH-PUDONG"), new("d", "BJ-HAIDIAN")];
        for (var merchant = 1; merchant <= 128; merchant++)
        {
            var local = silos[Rendezvous.Home(ShardId.Of(merchant, "SH-PUDONG"), silos)].Name;
            Assert.True(local is "b" or "c", $"{local} is of another region.");
        }

        var unserved = Enumerable
            .Range(0, ShardId.RegionSlots)
            .First(slot => !silos.Exists(silo => silo.Region is { } region && ShardId.RegionSlotOf(region) == slot));
        var elsewhere = Enumerable
            .Range(0, ShardId.MerchantSlots)
            .Select(merchant => Rendezvous.Home(new ShardId(merchant * ShardId.RegionSlots + unserved), silos));
        Assert.Equal(4, elsewhere.Distinct().Count());
    }

    [Fact]
    public void NoSiloIsNoHome() => Assert.Equal(-1, Rendezvous.Home(new ShardId(1), []));

    /// <summary>Another release must not place them elsewhere: a rolling update would move every group twice.</summary>
    [Fact]
    public void HomesAreTheSameInEveryRelease()
    {
        List<SiloSlot> silos = [new("groupbuy-0", null), new("groupbuy-1", null), new("groupbuy-2", null)];
        Assert.Equal(
            "11010221002010100112200110100212",
            string.Concat(Enumerable.Range(0, 32).Select(index => Rendezvous.Home(new ShardId(index * 61), silos)))
        );
    }

    private static string Home(int index, List<SiloSlot> silos) =>
        silos[Rendezvous.Home(new ShardId(index), silos)].Name;
}
