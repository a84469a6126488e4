using GroupBuyActors.Reading;
using GroupBuyActors.Silo.Http;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Silo.Tests.Http;

/// <summary>What exists is remembered, within bounds; what does not is never remembered.</summary>
public sealed class KnownGroupsTests
{
    private static readonly GroupId Group = GroupId.Parse("1.SH.tea");
    private readonly FakeTimeProvider _time = new();
    private readonly Heads _heads = new();
    private readonly KnownGroups _known;

    public KnownGroupsTests() => _known = new KnownGroups(_heads, _time);

    [Fact]
    public async Task AGroupThatExistsIsLookedUpOnce()
    {
        _heads.Answer = Task.FromResult(3L);
        Assert.True(await _known.ExistsAsync(Group));
        Assert.True(await _known.ExistsAsync(Group));
        Assert.True(_known.Contains(Group));
        Assert.Equal(1, _heads.Reads);
    }

    [Fact]
    public async Task AGroupThatDoesNotExistIsLookedUpEachTime()
    {
        Assert.False(await _known.ExistsAsync(Group));
        _heads.Answer = Task.FromResult(1L);
        Assert.True(await _known.ExistsAsync(Group));
    }

    [Fact]
    public async Task ALookUpThatBeganBeforeThePublicationHidesNothingFromWhoAsksAfterIt()
    {
        var before = new TaskCompletionSource<long>();
        _heads.Answer = before.Task;
        var early = _known.ExistsAsync(Group);
        _heads.Answer = Task.FromResult(1L);
        var late = _known.ExistsAsync(Group);
        before.SetResult(0);
        Assert.False(await early);
        Assert.True(await late);
    }

    [Fact]
    public async Task WhoAsksWhileALookUpRunsSharesItsYes()
    {
        var running = new TaskCompletionSource<long>();
        _heads.Answer = running.Task;
        var asked = Enumerable.Range(0, 100).Select(_ => _known.ExistsAsync(Group)).ToArray();
        running.SetResult(1);
        Assert.All(await Task.WhenAll(asked), Assert.True);
        Assert.Equal(1, _heads.Reads);
    }

    [Fact]
    public async Task AStoreThatDoesNotSayInTimeIsToldAsOne()
    {
        _heads.Answer = new TaskCompletionSource<long>().Task;
        var asked = _known.ExistsAsync(Group);
        _time.Advance(EdgeOptions.LookUpTimeout);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => asked);
        _heads.Answer = Task.FromResult(1L);
        Assert.True(await _known.ExistsAsync(Group));
    }

    [Fact]
    public void TheQueriedGroupsForLastAreRemembered()
    {
        _known.Add(Group);
        for (var n = 0; n < 250_000; n++)
        {
            _known.Add(GroupId.Parse($"2.SH.tea-{n}"));
            if (n % 10_000 == 0)
                Assert.True(_known.Contains(Group));
        }

        Assert.True(_known.Contains(GroupId.Parse("2.SH.tea-249999")));
        Assert.False(_known.Contains(GroupId.Parse("2.SH.tea-1")));
    }

    /// <summary>A journal of which only heads are asked.</summary>
    private sealed class Heads : IActorReader
    {
        public Task<long> Answer { get; set; } = Task.FromResult(0L);

        public int Reads { get; private set; }

        public Task<long> HeadAsync(ActorId actor, CancellationToken cancellation)
        {
            Reads++;
            return Answer;
        }

        public Task<StoredActor> LoadAsync(ActorId actor, CancellationToken cancellation) =>
            throw new NotSupportedException();

        public Task<IReadOnlyList<JournalRow>> HistoryAsync(
            ActorId actor,
            long after,
            int limit,
            CancellationToken cancellation
        ) => throw new NotSupportedException();

        public Task WriteSnapshotAsync(
            ActorId actor,
            long sequence,
            ReadOnlyMemory<byte> snapshot,
            CancellationToken cancellation
        ) => throw new NotSupportedException();
    }
}
