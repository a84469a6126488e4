using System.Diagnostics;
using GroupBuyActors.Cluster.Crashing;
using GroupBuyActors.Cluster.Load;
using GroupBuyActors.CrashPoints;
using Xunit;

namespace GroupBuyActors.Cluster;

/// <summary>
/// The silo that people run dies exactly at each named step of publication, saga, compensation, refund, close and
/// give-back. Each point has a campaign of its own; the process after the one that died has the next point and goes on
/// with all campaigns before it. In the end every campaign is as one of the same script is that nothing happened to:
/// state, orders, history, stock, and what the ports were asked for.
/// </summary>
public sealed class CrashPointTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly (Script Script, CrashSide Side, string Step, int Time)[] Success =
    [
        (Scripts.Fulfilled, CrashSide.After, "group.publishing", 1),
        (Scripts.Fulfilled, CrashSide.After, "reserve", 1),
        (Scripts.Fulfilled, CrashSide.After, "group.shelved", 1),
        (Scripts.Fulfilled, CrashSide.After, "group.succeeded", 1),
        (Scripts.Fulfilled, CrashSide.Before, "deduct", 1),
        (Scripts.Fulfilled, CrashSide.After, "deduct", 1),
        (Scripts.Fulfilled, CrashSide.After, "stock.deducted", 1),
        (Scripts.Fulfilled, CrashSide.After, "notice", 1),
        (Scripts.Fulfilled, CrashSide.After, "group.fulfilled", 1),
    ];

    private static readonly (Script Script, CrashSide Side, string Step, int Time)[] Failure =
    [
        (Scripts.Unpaid, CrashSide.After, "ask", 1),
        (Scripts.Unpaid, CrashSide.After, "order.closed", 1),
        (Scripts.Found, CrashSide.After, "ask", 1),
        (Scripts.Unstocked, CrashSide.After, "deduct", 1),
        (Scripts.Unstocked, CrashSide.After, "group.expired", 1),
        (Scripts.Unstocked, CrashSide.After, "refund", 1),
        (Scripts.Withdrawn, CrashSide.Before, "refund", 1),
        (Scripts.Withdrawn, CrashSide.After, "refund", 1),
        (Scripts.Withdrawn, CrashSide.After, "order.refunded", 1),
        (Scripts.Withdrawn, CrashSide.Before, "release", 1),
        (Scripts.Withdrawn, CrashSide.After, "release", 1),
        (Scripts.Withdrawn, CrashSide.After, "stock.released", 1),
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
                .. Success.Where(point => point is { Side: CrashSide.After, Step: "reserve" or "deduct" }),
                .. Failure.Where(point => point is { Side: CrashSide.After, Step: "refund" or "release" }),
            ]
        );

    private async Task SeriesAsync(
        Func<IReadOnlyDictionary<string, string?>, Task<TestedSystem>> start,
        (Script Script, CrashSide Side, string Step, int Time)[] steps
    )
    {
        var clock = Stopwatch.StartNew();
        var points = steps
            .Select(
                (step, index) =>
                    new CrashPoint(step.Side, step.Step, $"{5_000 + index}.SH-PUDONG.point-{index}", step.Time)
            )
            .ToArray();
        await using var system = await start(points[0].Environment);
        try
        {
            using var edge = new Edge(system.Addresses);
            using var inventoryFault = new SemaphoreSlim(1);
            var plays = new List<(string Name, Script Script, Task<string> End)>();
            Play? before = null;
            for (var i = 0; i < points.Length; i++)
            {
                if (i > 0)
                    await system.LaunchAsync(0, points[i].Environment);
                // A publication that is not taken up again within half a minute is undone and made anew, rightly, but
                // with another history.
                if (before is not null)
                    await Task.WhenAny(before.Published, plays[^1].End);
                before = new Play(edge, points[i].Key, inventoryFault);
                plays.Add((points[i].ToString(), steps[i].Script, PlayAsync(before, steps[i].Script)));
                await DiesAsync(system, points[i], plays[^1].End);
            }

            await system.LaunchAsync(0, new Dictionary<string, string?>());
            await system.ReadyAsync(0);
            var undisturbed = new Dictionary<Script, Task<string>>();
            foreach (var script in steps.Select(step => step.Script).Distinct())
                undisturbed[script] = PlayAsync(
                    new Play(edge, $"{9_000 + undisturbed.Count}.SH-PUDONG.undisturbed", inventoryFault),
                    script
                );
            foreach (var (name, script, end) in plays)
                Assert.True(
                    await undisturbed[script] == await end,
                    $"{script.Method.Name}, killed {name}, ends with\n{await end}\nand undisturbed "
                        + $"with\n{await undisturbed[script]}"
                );
            output.WriteLine(
                $"{points.Length} points in {clock.Elapsed.TotalSeconds:0} s; "
                    + $"{system.DescribeStartUps()}\n{await undisturbed[steps[0].Script]}"
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

    private static async Task<string> PlayAsync(Play play, Script script)
    {
        await script(play);
        return await play.EndAsync();
    }
}
