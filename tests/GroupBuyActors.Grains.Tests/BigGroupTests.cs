using GroupBuyActors.Groups;
using GroupBuyActors.Setting;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors;

/// <summary>The largest group there may be.</summary>
public sealed class BigGroupTests(ITestOutputHelper output)
{
    private const string Id = "10042.SH-PUDONG.tea-1123";
    private const int Orders = 100_000, Callers = 512;

    [Fact]
    public async Task T21_HundredThousandOrdersWakeFromASnapshotAndAShortTail()
    {
        var first = await TestSilo.StartAsync();
        var group = await first.PublishAsync(Id, minGroupSize: Orders);
        var began = TimeProvider.System.GetTimestamp();
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var n && n < Orders) Assert.True((await group.Join(new JoinGroup($"user-{n}"))).Succeeded);
        }));
        output.WriteLine($"{Orders / TimeProvider.System.GetElapsedTime(began).TotalSeconds:F0} joins/s");
        var before = (await group.Get()).Value!;
        await first.StopAsync();

        await using var second = await TestSilo.StartAsync(first.File, first.Time);
        began = TimeProvider.System.GetTimestamp();
        var view = (await second.Group(Id).Get()).Value!;
        output.WriteLine($"awake after {TimeProvider.System.GetElapsedTime(began).TotalMilliseconds:F0} ms");
        Assert.Equal(before, view);
        Assert.Equal(Orders - 1, view.SeatsTaken);
        var stored = await second.Get<IGroupReader>().LoadAsync(GroupId.Parse(Id), CancellationToken.None);
        Assert.NotNull(stored.Snapshot);
        Assert.True(stored.Tail.Count <= new Hosting.GrainsOptions().SnapshotTailAsleep, $"The tail is {stored.Tail.Count} long.");
        Assert.Equal(Orders, (await second.Group(Id).Join(new JoinGroup("last"))).Value!.OrderId.Number);
    }
}
