using System.Diagnostics.Metrics;
using GroupBuyActors.Silo.Connections;
using GroupBuyActors.Silo.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Silo.Tests.Connections;

/// <summary>Connections have places; who is silent has none for long.</summary>
public sealed class ConnectionSlotsTests : IDisposable
{
    private const int Slots = 40;
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new();
    private readonly EdgeOptions _options = new();
    private readonly ConnectionSlots _slots;
    private readonly List<int> _ended = [];

    public ConnectionSlotsTests()
    {
        _slots = new ConnectionSlots(
            Options.Create(_options),
            new ConnectionMetrics(_services.GetRequiredService<IMeterFactory>()),
            _time
        );
        _slots.Resize(Slots);
    }

    public void Dispose() => _services.Dispose();

    [Fact]
    public void BeyondThePlacesSpareOnesAreGivenAndThenNone()
    {
        Assert.All(Take(Slots), slot => Assert.False(slot!.IsSpare));
        Assert.All(Take(ConnectionSlots.SpareMax), slot => Assert.True(slot!.IsSpare));
        Assert.All(Take(3), Assert.Null);
        Assert.Equal(Slots + ConnectionSlots.SpareMax, _slots.Count);
    }

    [Fact]
    public void AReleasedSlotIsTaken()
    {
        var first = Take(Slots)[0]!;
        _slots.Release(first);
        Assert.False(Take(1)[0]!.IsSpare);
        Assert.Equal(Slots, _slots.Count);
    }

    [Fact]
    public void TheOneThatWasSilentLongestGivesWayWhereAllPlacesAreTaken()
    {
        var taken = Take(Slots);
        taken[0]!.RequestReceived();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(Take(1)[0]!.IsSpare);
        Assert.Equal([1], _ended);
    }

    [Fact]
    public void OneThatHasJustComeDoesNotGiveWay()
    {
        Take(Slots);
        Assert.True(Take(1)[0]!.IsSpare);
        Assert.Empty(_ended);
    }

    [Fact]
    public void ConnectionsThatAreEndedButNotClosedYetAreBounded()
    {
        Take(Slots);
        _time.Advance(TimeSpan.FromSeconds(1));
        Take(10 * Slots);
        Assert.InRange(_slots.Count, Slots, Slots + 3 * ConnectionSlots.SpareMax);
    }

    [Fact]
    public void OneThatStaysSilentIsEndedAndOneThatSpokeIsNot()
    {
        var taken = Take(3);
        taken[1]!.RequestReceived();
        _time.Advance(_options.Silence - TimeSpan.FromSeconds(1));
        _slots.EndSilent();
        Assert.Empty(_ended);
        _time.Advance(TimeSpan.FromSeconds(1));
        _slots.EndSilent();
        Assert.Equal([0, 2], _ended);
    }

    [Theory]
    [InlineData(10_000, null, 0, 10_000)]
    [InlineData(10_000, 1_000_000, 400, 10_000)]
    [InlineData(10_000, 1_024, 334, 434)]
    [InlineData(100, 1_024, 334, 100)]
    [InlineData(10_000, 512, 500, 16)]
    public void TheShareLeavesWhatIsOpenAndAReserve(int wanted, int? limit, int others, int share) =>
        Assert.Equal(share, ConnectionShare.Of(wanted, limit, others));

    [Theory]
    [InlineData("Max open files            1024                 4096                 files     ", 1024)]
    [InlineData("Max open files            unlimited            unlimited            files     ", null)]
    [InlineData("Max processes             5                    5                    processes ", null)]
    public void TheLimitIsReadAsTheSystemTellsIt(string line, int? limit) =>
        Assert.Equal(limit, Descriptors.Parse(["Limit   Soft Limit   Hard Limit   Units", line]));

    private ConnectionSlot?[] Take(int count) =>
        [.. Enumerable.Range(0, count).Select(n => _slots.TryTake(() => _ended.Add(n)))];
}
