using System.Collections.Concurrent;
using CsCheck;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Simulation;

/// <summary>
/// Random lives of groups. A failure prints the shortest life found and its seed; set GROUPBUY_SEED to it to see it
/// again, and GROUPBUY_LIVES to a number to look longer.
/// </summary>
public sealed class LifeTests
{
    // Seeds of other randomised tests are numbers; CsCheck's have twelve characters.
    private static string? Seed =>
        Environment.GetEnvironmentVariable("GROUPBUY_SEED") is { Length: 12 } seed ? seed : null;

    private static long Iterations(int usual) =>
        long.TryParse(Environment.GetEnvironmentVariable("GROUPBUY_LIVES"), out var lives) ? lives : usual;

    private static readonly Gen<TimeSpan> Window = Gen.Int[1, 90].Select(minutes => TimeSpan.FromMinutes(minutes));

    private static readonly Gen<GroupTermsRequest> Offers =
        from size in Gen.Int[1, 4]
        from more in Gen.Int[0, 5]
        from limit in Gen.Int[1, 4]
        from delay in Gen.Int[0, 3]
        from timeout in Gen.Int[30, 90]
        from payment in Window
        from revoke in Gen.Int[0, 60]
        from validity in Gen.Int[1, 120]
        from policy in Gen.Bool
        from count in Gen.Bool
        select new GroupTermsRequest
        {
            Title = "Tea",
            Sku = "tea",
            UnitPrice = Scenes.Price,
            MinGroupSize = size,
            Capacity = size + more,
            PerUserLimit = Math.Min(limit, size + more),
            OpenDelay = TimeSpan.FromMinutes(Math.Max(0, delay - 2) * 5),
            Timeout = TimeSpan.FromMinutes(timeout),
            PaymentWindow = payment,
            RevokeWindow = TimeSpan.FromMinutes(revoke),
            VoucherValidity = TimeSpan.FromMinutes(validity),
            LapsePolicy = policy ? LapsePolicy.Refund : LapsePolicy.Forfeit,
            CountBy = count ? CountBy.Joined : CountBy.Paid,
        };

    private static readonly Gen<Step> Steps =
        from kind in Gen.Int[0, 99]
        from a in Gen.Int[0, 999]
        from b in Gen.Int[0, 999]
        from c in Gen.Int[0, 999]
        select new Step(kind, a, b, c);

    private static Gen<Life> Lives(int stepsMax, int faultsMax) =>
        from termsRequest in Offers
        from batch in Gen.Int[0, 3].Select(i => (int[])[1, 2, 3, 500] is var sizes ? sizes[i] : 0)
        from faults in Gen.Int[0, faultsMax]
        from seed in Gen.UInt[1, uint.MaxValue]
        from refused in Gen.Int[2, 5]
        from steps in Steps.List[0, stepsMax]
        select new Life(termsRequest, batch, faults, seed, faultsMax > 0 && refused == 2 ? 2 : int.MaxValue, steps);

    [Fact]
    public void AnyLifeKeepsTheRulesAtEveryStepAndTheBooksAtTheEnd() =>
        Lives(stepsMax: 120, faultsMax: 0)
            .Sample(life => new LifePlay(life).Play(), seed: Seed, iter: Iterations(600), print: Shortest.Of);

    /// <summary>
    /// The lives must not grow dull unnoticed, or this would hold for nothing: together they come by every corner of
    /// the diagram.
    /// </summary>
    [Fact]
    public void AnyLifeWithFailingPortsKeepsTheRulesAtEveryStepAndTheBooksAtTheEnd()
    {
        var reached = new ConcurrentDictionary<string, int>();
        Lives(stepsMax: 140, faultsMax: 50)
            .Sample(
                life =>
                {
                    var play = new LifePlay(life);
                    play.Play();
                    foreach (var corner in Corners.Of(play.World))
                        reached.AddOrUpdate(corner, 1, (_, count) => count + 1);
                },
                seed: Seed,
                iter: Iterations(1_500),
                print: Shortest.Of
            );
        Assert.Empty(Corners.All.Except(reached.Keys));
    }
}
