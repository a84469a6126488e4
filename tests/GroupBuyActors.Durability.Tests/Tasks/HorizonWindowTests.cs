using CsCheck;

namespace GroupBuyActors.Tasks;

public sealed class HorizonWindowTests
{
    private const int TasksMax = 200_000;
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(4),
        Longest = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Whatever the density, after a few readings a window brings at most what is wanted of one, or is the shortest;
    /// and no shorter than it need be.
    /// </summary>
    [Fact]
    public void TheWindowFollowsTheDensity() =>
        Gen.Select(Gen.Double[0, 1_000_000], Gen.Double[0, 1_000_000])
            .Sample(
                (before, after) =>
                {
                    var window = new HorizonWindow(Shortest, Longest, TasksMax);
                    Read(window, before, 20);
                    AssertFits(window, before);
                    Read(window, after, 20);
                    AssertFits(window, after);
                }
            );

    [Fact]
    public void AReadingThatIsCutHalvesTheWindowAtLeast()
    {
        var window = new HorizonWindow(Shortest, Longest, TasksMax);
        Read(window, 20_000, 1);
        Assert.Equal(Longest / 2, window.Span);
        Read(window, 20_000, 2);
        Assert.True(20_000 * window.Span.TotalSeconds <= TasksMax, $"{window.Span} is too long.");
    }

    [Fact]
    public void AnEmptyTableIsReadOverTheWholeHorizon()
    {
        var window = new HorizonWindow(Shortest, Longest, TasksMax);
        window.Record(0, true);
        Assert.Equal(Longest, window.Span);
        Read(window, 1_000_000, 5);
        Assert.Equal(Shortest, window.Span);
        Read(window, 0, 4);
        Assert.Equal(Longest, window.Span);
    }

    private static void Read(HorizonWindow window, double tasksASecond, int times)
    {
        for (var n = 0; n < times; n++)
        {
            var there = tasksASecond * window.Span.TotalSeconds;
            window.Record((int)Math.Min(there, TasksMax), there <= TasksMax);
        }
    }

    private static void AssertFits(HorizonWindow window, double density)
    {
        Assert.InRange(window.Span, Shortest, Longest);
        var brings = density * window.Span.TotalSeconds;
        Assert.True(
            window.Span == Shortest || brings <= TasksMax / 2 + 1,
            $"{density:F0}/s over {window.Span}: {brings:F0}"
        );
        Assert.True(
            window.Span == Longest || brings >= TasksMax / 9.0,
            $"{density:F0}/s over {window.Span} is shorter than need be: {brings:F0}"
        );
    }
}
