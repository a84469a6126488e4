using GroupBuyActors.Groups;
using GroupBuyActors.Samples.InventoryView;

namespace GroupBuyActors.Client.Tests.Events;

/// <summary>
/// The sample's view, without Kafka: whatever a group lives through, its line says what the rules say.
/// </summary>
public sealed class InventoryViewTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("groupbuy-view-").FullName;
    private readonly InventoryView _view;

    public InventoryViewTests() => _view = new InventoryView(Path.Combine(_directory, "view.db"));

    public void Dispose()
    {
        _view.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task TheViewOfAnyLifeIsWhatTheRulesSay()
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Lives.Seed}");
        var (groups, random) = (Lives.Many(60, Lives.Seed), new Random(Lives.Seed));
        var events = Lives.Interleaved(groups, Lives.Seed);
        for (var at = 0; at < events.Count; )
        {
            var size = random.Next(1, 60);
            await _view.StoreAsync(Batch(events.Skip(at).Take(size)), CancellationToken.None);
            at += size;
        }

        foreach (var group in groups)
            Assert.Equal(group.Truth, LivedGroup.Said(_view.Read(group.Id)));
        Assert.Equal(
            groups.Select(group => group.Id.Value).Order(StringComparer.Ordinal),
            _view.ReadAll().Select(line => line.Group.Value)
        );
        Assert.Contains(
            groups,
            group => group.State.Phase == GroupPhase.Expired && group.State.Ledger.Figures.Deducted > 0
        );
        Assert.Contains(groups, group => group.State.Ledger.Figures.Released > 0);
    }

    [Fact]
    public async Task EveryStepOfALifeIsSeenAsItWas()
    {
        // Stopped at each event, the view tells where the group then was: seats and stock never leave their bounds in
        // between.
        var group = Lives.Many(20, 11).MaxBy(lived => lived.Events.Count)!;
        foreach (var happened in group.Events)
        {
            await _view.StoreAsync(Batch([happened]), CancellationToken.None);
            var line = _view.Read(group.Id)!;
            Assert.Equal(happened.Sequence, line.Sequence);
            Assert.InRange(line.SeatsPaid, 0, line.SeatsTaken);
            Assert.True(line.Outstanding >= 0 && line.Deducted >= 0 && line.Released >= 0, $"{line}");
            Assert.Equal(line.Reserved, line.Outstanding + line.Deducted + line.Released);
        }

        Assert.Equal(group.Truth, LivedGroup.Said(_view.Read(group.Id)));
    }

    [Fact]
    public async Task ABatchThatFollowsOnAnotherSequenceStoresNothing()
    {
        var groups = Lives.Many(2, 7);
        var (first, second) = (groups[0], groups[1]);
        await _view.StoreAsync(Batch(first.Events.Take(3)), CancellationToken.None);
        var moved = await Assert.ThrowsAsync<CheckpointMovedException>(async () =>
            await _view.StoreAsync(Batch([.. second.Events.Take(2), .. first.Events.Take(3)]), CancellationToken.None)
        );
        Assert.Equal(first.Id, moved.Group);
        Assert.Equal(3, _view.Read(first.Id)!.Sequence);
        Assert.Null(_view.Read(second.Id));
        Assert.Equal(
            [new(first.Id, 3L)],
            await _view.LastSequencesAsync([first.Id, second.Id], CancellationToken.None)
        );
    }

    [Fact]
    public async Task EventsOfLaterReleasesMoveTheSequenceAndNothingElse()
    {
        var group = Lives.Many(1, 3)[0];
        await _view.StoreAsync(Batch(group.Events), CancellationToken.None);
        await _view.StoreAsync(
            Batch([
                new LivedEvent(
                    group.Id,
                    group.Events.Count + 1,
                    "group.teleported",
                    DateTimeOffset.UnixEpoch,
                    "{}"u8.ToArray()
                ),
            ]),
            CancellationToken.None
        );
        Assert.Equal(group.Truth with { Sequence = group.Events.Count + 1 }, LivedGroup.Said(_view.Read(group.Id)));
    }

    private static GroupEventBatch Batch(IEnumerable<LivedEvent> events)
    {
        var envelopes = events.Select(happened => happened.Envelope).ToList();
        return new GroupEventBatch(
            envelopes,
            [
                .. envelopes
                    .GroupBy(happened => happened.Group)
                    .Select(group => new GroupEventCheckpoint(
                        group.Key,
                        group.First().Sequence - 1,
                        group.Last().Sequence
                    )),
            ]
        );
    }
}
