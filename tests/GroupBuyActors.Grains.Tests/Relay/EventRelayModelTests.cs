using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Setting;
using GroupBuyActors.Streams;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Relay;

/// <summary>
/// Streams, moves, crashes, double carriers, poison and operators by seed, with every call of the store and of the log
/// a place to fail or to crash at. Held all the way: what the tables claim to be relayed is published or was given up
/// by an operator; and what a reader sees of a group has no gap. In the end everything is published.
/// </summary>
public sealed class EventRelayModelTests
{
    private const int Groups = 8;
    private const int Streams = 4;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task EveryGroupComesOutInOrderWhateverHappens(int seed)
    {
        var world = new World(seed);
        for (var step = 0; step < 400; step++)
        {
            await world.StepAsync();
            if (step % 5 == 0)
                world.Check();
        }

        await world.FinishAsync();
    }

    private sealed class World
    {
        private readonly Random _random;
        private readonly ScriptedJournal _journal = new();
        private readonly ScriptedPublisher _publisher = new();
        private readonly FakeTimeProvider _time = new();
        private readonly List<Carrier> _carriers = [];
        private readonly long[] _shardMap = new long[Groups];
        private readonly HashSet<(ActorId, long)> _poison = [];
        private readonly HashSet<(ActorId, long)> _skipped = [];
        private bool _calm;

        public World(int seed)
        {
            _random = new Random(seed);
            for (var stream = 1; stream <= Streams; stream++)
                _carriers.Add(new Carrier(this, stream));
            for (var group = 0; group < Groups; group++)
                _shardMap[group] = 1 + _random.Next(Streams);
            _journal.Before = _ => Trouble();
            _publisher.Before = Trouble;
            _publisher.Fails = _ => !_calm && _random.Next(20) == 0;
        }

        private static ActorId Group(int n) => ActorId.Parse($"groups:{n + 1}.SH.tea");

        public async Task StepAsync()
        {
            switch (_random.Next(10))
            {
                case < 4:
                    Commit();
                    break;
                case 4:
                    await OperateAsync();
                    break;
                case 5 when _random.Next(4) == 0:
                    // A carrier of its own beside the one that is there: both think that the stream is theirs.
                    if (_carriers.Count < Streams + 3)
                        _carriers.Add(new Carrier(this, 1 + _random.Next(Streams)));
                    break;
                default:
                    await CarryAsync(_random.Next(_carriers.Count));
                    break;
            }
        }

        public async Task FinishAsync()
        {
            _calm = true;
            _poison.ToList().ForEach(e => _publisher.Cure(e.Item1, e.Item2));
            for (var round = 0; round < 1_000; round++)
            {
                for (var group = 0; group < Groups; group++)
                    await _journal.RetryAsync("kafka", Group(group), default);
                for (var carrier = 0; carrier < _carriers.Count; carrier++)
                    await CarryAsync(carrier);
                _time.Advance(TimeSpan.FromSeconds(2));
                if (_journal.BlockedActorRows.Count == 0 && _carriers.All(carrier => carrier.IsAtTheEnd))
                    break;
            }

            Check();
            Assert.Empty(_journal.BlockedActorRows);
            foreach (var group in _journal.Events.GroupBy(row => row.Actor!.Value))
                // An operator's order whose answer was lost may have had no effect: then what was given up came out
                // after all.
                Assert.Equal(
                    group.Select(row => row.Sequence).Order(),
                    _publisher
                        .Read(group.Key, sequence => _skipped.Contains((group.Key, sequence)))
                        .Union(_skipped.Where(e => e.Item1 == group.Key).Select(e => e.Item2))
                        .Order()
                );
        }

        private void Commit()
        {
            var group = _random.Next(Groups);
            if (_random.Next(5) == 0)
                _shardMap[group] = 1 + _random.Next(Streams);
            for (var events = 1 + _random.Next(4); events > 0; events--)
            {
                var row = _journal
                    .Commit(_shardMap[group], _random.Next(10) == 0 ? null : Group(group))
                    .Commits[0]
                    .Commit;
                if (row.Actor is { } of && _random.Next(40) == 0)
                {
                    _publisher.Poison(of, row.Events[0].Sequence);
                    _poison.Add((of, row.Events[0].Sequence));
                }
            }
        }

        private async Task OperateAsync()
        {
            _time.Advance(TimeSpan.FromMilliseconds(_random.Next(1_500)));
            foreach (
                var parked in _journal
                    .BlockedActorRows.Where(row => row.State == BlockedActorState.Parked)
                    .OrderBy(row => row.Actor.ToString(), StringComparer.Ordinal)
                    .ToList()
            )
                await QuietlyAsync(async () =>
                {
                    switch (_random.Next(3))
                    {
                        case 0:
                            _publisher.Cure(parked.Actor, parked.Sequence);
                            await _journal.RetryAsync("kafka", parked.Actor, default);
                            break;
                        case 1:
                            // Given up before the call: it may have its effect though its answer is lost.
                            _skipped.Add((parked.Actor, parked.Sequence));
                            await _journal.SkipAsync("kafka", parked.Actor, default);
                            break;
                    }
                });
        }

        private async Task CarryAsync(int which)
        {
            try
            {
                await _carriers[which].StepAsync();
            }
            catch (CrashException)
            {
                _carriers[which] = new Carrier(this, _carriers[which].Stream);
            }
        }

        private static async Task QuietlyAsync(Func<Task> act)
        {
            try
            {
                await act();
            }
            catch (Exception e) when (e is CrashException or IOException)
            {
                // The operator sees an error and looks again later.
            }
        }

        private void Trouble()
        {
            if (_calm)
                return;
            var dice = _random.Next(120);
            if (dice == 0)
                throw new CrashException();
            if (dice < 4)
                throw new IOException("The store or the log does not answer.");
        }

        public void Check()
        {
            var published = _publisher.Log.ToHashSet();
            foreach (var row in _journal.Events)
                Assert.True(
                    !_journal.ClaimsRelayed("kafka", row)
                        || published.Contains((row.Actor!.Value, row.Sequence))
                        || _skipped.Contains((row.Actor!.Value, row.Sequence)),
                    $"Event {row.Sequence} of {row.Actor} in stream {row.Stream} at {row.Position} is passed "
                        + "and not published."
                );
            foreach (var group in published.Select(e => e.Actor).Distinct())
                _publisher.Read(group, sequence => _skipped.Contains((group, sequence)));
        }

        private Random Dice => _random;

        /// <summary>What a pump does, a piece at a time.</summary>
        private sealed class Carrier(World world, long stream)
        {
            private IStreamConsumer? _relay;
            private long _taken;

            public long Stream => stream;

            public bool IsAtTheEnd => world._journal.ClaimsEnd(stream, "kafka", _taken);

            public async Task StepAsync() =>
                await QuietlyAsync(async () =>
                {
                    if (_relay is null)
                    {
                        _taken = await world._journal.CursorAsync(stream, "kafka", default);
                        _relay = Relay();
                    }

                    var rows = await world._journal.ReadAsync(stream, _taken, 1 + world.Dice.Next(6), default);
                    if (rows.Count > 0)
                    {
                        await _relay.TakeAsync(rows, default);
                        _taken = rows[^1].Position;
                    }

                    if (world._calm || world.Dice.Next(2) == 0)
                        await _relay.MaintainAsync(_taken, default);
                    if (world._calm || world.Dice.Next(2) == 0)
                        await _relay.MoveCursorAsync(world._journal, stream, _taken, default);
                });

            private static async Task QuietlyAsync(Func<Task> act)
            {
                try
                {
                    await act();
                }
                catch (Exception e) when (e is IOException or EventsOpenException)
                {
                    // The pump does it again.
                }
            }

            private EventRelay Relay()
            {
                var options = new GrainsOptions
                {
                    RelayKnownMax = 3,
                    RelayPublishMax = 4,
                    BlockedActorsMax = 1_000,
                };
                var metrics = new RelayMetrics(new NoMeters());
                var kinds = new ActorEventRegistry([new PublishedGroupEvents()]);
                return new EventRelay(
                    stream,
                    world._publisher,
                    kinds,
                    world._journal,
                    new BlockedActors(
                        stream,
                        world._publisher,
                        kinds,
                        world._journal,
                        world._journal,
                        world._time,
                        options,
                        metrics,
                        NullLogger.Instance
                    ),
                    options,
                    metrics,
                    world._time
                );
            }
        }
    }
}
