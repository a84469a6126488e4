using GroupBuyActors.Reading;
using GroupBuyActors.Setting;

namespace GroupBuyActors.Groups;

/// <summary>The largest group there may be.</summary>
public sealed class BigGroupTests(ITestOutputHelper output)
{
    private const string Id = "10042.SH-PUDONG.tea-1123";
    private const int Orders = 100_000;

    [Fact]
    public async Task HundredThousandOrdersWakeFromASnapshotAndAShortTail()
    {
        var first = await TestSilo.StartAsync();
        await first.PublishAsync(Id, minGroupSize: Orders);
        await new Rival(first).FillAsync(Id, Orders - 2);
        // The activation that published does not know of the others: it ends, and the next one replays them all.
        await Assert.ThrowsAsync<StoreUnavailableException>(() => first.Group(Id).GetOrder(1));
        Assert.Equal($"user-{Orders - 2}", (await first.Group(Id).GetOrder(Orders - 2)).Value!.UserId);
        var joined = await first.Group(Id).Join(new JoinGroup("last but one", 1, new RequestKey("r1", "f")));
        Assert.Equal(Orders - 1, joined.Value!.OrderId.Number);
        var before = (await first.Group(Id).Get()).Value!;
        await first.StopAsync();

        await using var second = await TestSilo.StartAsync(first.File, first.Time);
        var began = TimeProvider.System.GetTimestamp();
        Assert.Equal(before, (await second.Group(Id).Get()).Value!);
        output.WriteLine($"awake after {TimeProvider.System.GetElapsedTime(began).TotalMilliseconds:F0} ms");
        var stored = await second.Get<IActorReader>().LoadAsync(GroupId.Parse(Id).Actor, CancellationToken.None);
        Assert.NotNull(stored.Snapshot);
        Assert.True(
            stored.Tail.Count <= new Hosting.GrainsOptions().SnapshotTailOnDeactivation,
            $"The tail is {stored.Tail.Count} long."
        );
        Assert.True(
            (await second.Group(Id).Join(new JoinGroup("last but one", 1, new RequestKey("r1", "f")))).Replayed
        );
        Assert.Equal(Orders, (await second.Group(Id).Join(new JoinGroup("last"))).Value!.OrderId.Number);
        Assert.Equal(RefusalCode.GroupFull, (await second.Group(Id).Join(new JoinGroup("too late"))).Refusal!.Code);
    }
}
