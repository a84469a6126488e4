using System.Diagnostics;
using GroupBuyActors.Cluster.Checks;
using GroupBuyActors.Cluster.Crashing;
using GroupBuyActors.Cluster.Load;
using GroupBuyActors.CrashPoints;
using GroupBuyActors.TestActors;
using GroupBuyActors.Testing.Silos;
using Xunit;

namespace GroupBuyActors.Cluster;

/// <summary>
/// The silo that people run dies exactly at each named step of publication, saga, compensation, refund, close and
/// give-back, and of an account, which is another kind of actors. Each point has a campaign or an account of its own;
/// the process after the one that died has the next point and goes on with all before it. In the end each is as one of
/// the same script is that nothing happened to: state, orders, history, stock, and what the ports were asked for;
/// deposits, bonuses and answers.
/// </summary>
public sealed class CrashPointTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly Step[] Success =
    [
        new(Scripts.Fulfilled, CrashSide.After, "group.publishing"),
        new(Scripts.Fulfilled, CrashSide.After, "reserve"),
        new(Scripts.Fulfilled, CrashSide.After, "group.shelved"),
        new(Scripts.Fulfilled, CrashSide.After, "group.succeeded"),
        new(Scripts.Fulfilled, CrashSide.Before, "deduct"),
        new(Scripts.Fulfilled, CrashSide.After, "deduct"),
        new(Scripts.Fulfilled, CrashSide.After, "stock.deducted"),
        new(Scripts.Fulfilled, CrashSide.After, "notice"),
        new(Scripts.Fulfilled, CrashSide.After, "group.fulfilled"),
        new(AccountScripts.Rewarded, CrashSide.Before, AccountBehavior.DepositedType),
        new(AccountScripts.Rewarded, CrashSide.After, AccountBehavior.DepositedType),
        new(AccountScripts.Rewarded, CrashSide.Before, AccountBehavior.RewardedType),
        new(AccountScripts.Rewarded, CrashSide.After, AccountBehavior.RewardedType),
        new(AccountScripts.Slept, CrashSide.Before, CrashPoint.Snapshot),
        new(AccountScripts.Slept, CrashSide.After, CrashPoint.Snapshot),
    ];

    private static readonly Step[] Failure =
    [
        new(Scripts.Unpaid, CrashSide.After, "ask"),
        new(Scripts.Unpaid, CrashSide.After, "order.closed"),
        new(Scripts.Found, CrashSide.After, "ask"),
        new(Scripts.Unstocked, CrashSide.After, "deduct"),
        new(Scripts.Unstocked, CrashSide.After, "group.expired"),
        new(Scripts.Unstocked, CrashSide.After, "refund"),
        new(Scripts.Withdrawn, CrashSide.Before, "refund"),
        new(Scripts.Withdrawn, CrashSide.After, "refund"),
        new(Scripts.Withdrawn, CrashSide.After, "order.refunded"),
        new(Scripts.Withdrawn, CrashSide.Before, "release"),
        new(Scripts.Withdrawn, CrashSide.After, "release"),
        new(Scripts.Withdrawn, CrashSide.After, "stock.released"),
    ];

    /// <summary>
    /// Two series beside each other, each on a file of its own: most of their time is start-ups, which keep one core
    /// busy.
    /// </summary>
    [Fact]
    public Task ASiloThatDiesAtAnyStepOfPublicationSagaCompensationRefundCloseAndGiveBackLeavesTheSameEnd() =>
        Task.WhenAll(
            SeriesAsync(TestedSystem.OnSqliteAsync, Success),
            SeriesAsync(TestedSystem.OnSqliteAsync, Failure)
        );

    [Fact]
    public Task ASiloOnMariaDbThatDiesAtAStepWhereAnEffectOutsideIsNotNotedLeavesTheSameEnd() =>
        SeriesAsync(
            environment => TestedSystem.OnMariaDbAsync(1, environment),
            [
                .. Success.Where(point => point is { Side: CrashSide.After, Name: "reserve" or "deduct" }),
                .. Failure.Where(point => point is { Side: CrashSide.After, Name: "refund" or "release" }),
                .. Success.Where(point => point is { Side: CrashSide.After, Name: AccountBehavior.RewardedType }),
            ]
        );

    private async Task SeriesAsync(Func<IReadOnlyDictionary<string, string?>, Task<TestedSystem>> start, Step[] steps)
    {
        var clock = Stopwatch.StartNew();
        var points = steps
            .Select((step, index) => new CrashPoint(step.Side, step.Name, $"{5_000 + index}.SH-PUDONG.point-{index}"))
            .ToArray();
        await using var system = await start(points[0].Environment);
        try
        {
            using var edge = new Edge(system.Addresses);
            using var inventoryFault = new SemaphoreSlim(1);
            await using var accounts = await AccountClient.ConnectAsync(system);
            var stage = new Stage(edge, inventoryFault, accounts, new AccountTables(system));
            var played = new List<Performance>();
            for (var i = 0; i < points.Length; i++)
            {
                if (i > 0)
                {
                    await system.LaunchAsync(0, points[i].Environment);
                    // A publication that is not taken up again within half a minute is undone and made anew, rightly,
                    // but with another history.
                    await Task.WhenAny(played[^1].Begun, played[^1].End);
                }

                played.Add(steps[i].Script.Play(stage, points[i].Key));
                await DiesAsync(system, points[i], played[^1].End);
            }

            await system.LaunchAsync(0, SiloWithAccounts.Environment);
            await system.ReadyAsync(0);
            var undisturbed = new Dictionary<Script, Task<string>>();
            foreach (var script in steps.Select(step => step.Script).Distinct())
                undisturbed[script] = script.Play(stage, $"{9_000 + undisturbed.Count}.SH-PUDONG.undisturbed").End;
            for (var i = 0; i < points.Length; i++)
            {
                var (expected, end) = (await undisturbed[steps[i].Script], await played[i].End);
                Assert.True(
                    expected == end,
                    $"{steps[i].Script.Name}, killed {points[i]}, ends with\n{end}\nand undisturbed with\n{expected}"
                );
            }
            output.WriteLine(
                $"{points.Length} points in {clock.Elapsed.TotalSeconds:0} s; {system.DescribeStartUps()}\n"
                    + string.Join('\n', await Task.WhenAll(undisturbed.Values))
            );
        }
        catch (Exception e)
        {
            system.KeepsFiles = true;
            output.WriteLine($"{e.GetType().Name}; logs are kept in {system.Directory}.\n{system.Tails()}");
            throw;
        }
    }

    /// <summary>
    /// The process ends where it was told to; a campaign that ends before shows a point that is on nobody's way.
    /// </summary>
    private static async Task DiesAsync(TestedSystem system, CrashPoint point, Task<string> play)
    {
        var exit = system.Silos[0].WaitForExitAsync(Patience);
        if (await Task.WhenAny(exit, play) == play)
            Assert.Fail($"{point} was never reached: {await play}");
        var status = await exit;
        Assert.True(
            status == 137,
            $"{point}: it ended with "
                + (status?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "nothing")
                + $".\n{system.Silos[0].Tail()}"
        );
    }
}
