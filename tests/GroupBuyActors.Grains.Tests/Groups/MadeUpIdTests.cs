using GroupBuyActors.Setting;

namespace GroupBuyActors.Groups;

/// <summary>Whoever asks for what does not exist costs no memory that stays.</summary>
public sealed class MadeUpIdTests
{
    private const int Many = 2_000;

    public static TheoryData<string> Ids => ["7.SH.made-up-{0}", "no group {0}"];

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task AGroupThatDoesNotExistLeavesAsSoonAsItHasAnswered(string shape)
    {
        await using var silo = await TestSilo.StartAsync();
        var before = silo.Get<ActiveGroups>().Count;
        await Parallel.ForAsync(
            0,
            Many,
            async (n, _) => await QueryAsync(silo.Group(string.Format(null, shape, n)), n)
        );
        await ActiveAsync(silo, before);
    }

    [Fact]
    public async Task PublishingAGroupThatIsAskedForMeanwhileSucceeds()
    {
        await using var silo = await TestSilo.StartAsync();
        for (var round = 0; round < 20; round++)
        {
            var id = $"7.SH.asked-{round}";
            using var published = new CancellationTokenSource();
            var asking = Enumerable.Range(0, 4).Select(_ => AskUntilAsync(silo.Group(id), published.Token)).ToArray();
            await silo.PublishAsync(id);
            await published.CancelAsync();
            await Task.WhenAll(asking);
            Assert.Equal(GroupPhase.OnShelf, (await silo.Group(id).Get()).Value!.State);
        }
    }

    [Fact]
    public async Task AGroupThatExistsStays()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync("7.SH.tea");
        var activations = silo.Get<ActiveGroups>().Activations;
        Assert.Equal(RefusalCode.OrderNotFound, (await group.GetOrder(99)).Refusal!.Code);
        Assert.Equal(RefusalCode.OrderNotFound, (await group.CancelOrder(99)).Refusal!.Code);
        Assert.NotNull((await group.Get()).Value);
        Assert.Equal(activations, silo.Get<ActiveGroups>().Activations);
    }

    private static async Task QueryAsync(IGroupGrain group, int n)
    {
        var refusal = (n % 5) switch
        {
            0 => (await group.Get()).Refusal,
            1 => (await group.Join(new JoinGroup("user-1"))).Refusal,
            2 => (await group.GetOrder(n)).Refusal,
            3 => (await group.Pay(new PayOrder(n, "pay-1", new Money(1, "CNY")))).Refusal,
            _ => await group.WaitForEvents(0) == 0 ? (await group.Withdraw()).Refusal : null,
        };
        Assert.True(refusal?.Code is RefusalCode.GroupNotFound or RefusalCode.OrderNotFound, $"It answered {refusal}.");
    }

    private static async Task AskUntilAsync(IGroupGrain group, CancellationToken published)
    {
        while (!published.IsCancellationRequested)
        {
            var reply = await group.Get();
            Assert.True(reply.Succeeded || reply.Refusal.Code == RefusalCode.GroupNotFound);
        }
    }

    private static async Task ActiveAsync(TestSilo silo, int wanted)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (silo.Get<ActiveGroups>().Count > wanted)
        {
            Assert.False(bound.IsCancellationRequested, $"{silo.Get<ActiveGroups>().Count} groups are active.");
            await Task.Delay(20, CancellationToken.None);
        }
    }
}
