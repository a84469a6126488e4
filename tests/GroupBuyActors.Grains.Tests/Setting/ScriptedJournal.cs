using GroupBuyActors.Committing;
using GroupBuyActors.Reading;
using GroupBuyActors.Streams;

namespace GroupBuyActors.Setting;

/// <summary>The test ends a carrier here, as a crash would.</summary>
internal sealed class CrashException() : Exception("The test ends this carrier here.");

/// <summary>
/// Streams, cursors and set-aside actors in memory, with the store's semantics (its conformance suite holds the same
/// for databases). <see cref="Before"/> runs before every call: there a test fails or ends whoever calls.
/// </summary>
internal sealed class ScriptedJournal : IStreams, IBlockedActorStore, IActorReader
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, List<JournalRow>> _streams = [];
    private readonly Dictionary<(ActorId, long), JournalRow> _events = [];
    private readonly Dictionary<(long, string), long> _cursors = [];
    private readonly Dictionary<(long Stream, string Sink, ActorId Actor), BlockedActorRow> _blockedActors = [];
    private readonly HashSet<long> _drained = [];
    private readonly Dictionary<ActorId, long> _heads = [];

    public Action<string> Before { get; set; } = _ => { };

    public IEnumerable<JournalRow> Events => _events.Values;

    public IReadOnlyCollection<BlockedActorRow> BlockedActorRows
    {
        get
        {
            lock (_gate)
                return [.. _blockedActors.Values];
        }
    }

    /// <summary>Commits the next event of a group to a stream; no group makes a row without an event.</summary>
    public CommittedBatch Commit(long stream, ActorId? actor, byte[]? payload = null, DateTimeOffset time = default)
    {
        lock (_gate)
        {
            if (!_streams.TryGetValue(stream, out var rows))
                _streams[stream] = rows = [];
            var sequence = actor is { } of ? _heads[of] = _heads.GetValueOrDefault(of) + 1 : 0;
            var row = new JournalRow
            {
                Stream = stream,
                Position = rows.Count + 1,
                CommitId = new Guid((int)stream, (short)rows.Count, 0, new byte[8]),
                Actor = actor,
                Sequence = sequence,
                Type = "order.placed",
                Version = 1,
                Time = time,
                Payload = payload ?? """{"d":{"n":1}}"""u8.ToArray(),
            };
            rows.Add(row);
            if (actor is { } g)
                _events[(g, sequence)] = row;
            return new CommittedBatch(
                stream,
                [
                    (
                        row.Position,
                        new Commit
                        {
                            Id = row.CommitId,
                            Shard = new ShardId(0),
                            Token = new ActivationToken(),
                            Actor = actor,
                            Events = actor is null
                                ? []
                                : [new JournalEvent(sequence, row.Type, 1, time, row.Payload, null)],
                        }
                    ),
                ]
            );
        }
    }

    /// <summary>True where the stream's cursor, and a carrier that has taken so much, are at its end.</summary>
    public bool ClaimsEnd(long stream, string sink, long taken) =>
        _streams.GetValueOrDefault(stream, []).Count is var end
        && taken == end
        && _cursors.GetValueOrDefault((stream, sink)) == end;

    /// <summary>By the definition of the protocol, whether anybody has claimed that the event went out.</summary>
    public bool ClaimsRelayed(string sink, JournalRow row) =>
        _drained.Contains(row.Stream)
        || (
            _cursors.GetValueOrDefault((row.Stream, sink)) >= row.Position
            && !(
                _blockedActors.TryGetValue((row.Stream, sink, row.Actor!.Value), out var blockedActors)
                && blockedActors.Sequence <= row.Sequence
            )
        );

    public Task<IReadOnlyList<JournalRow>> ReadAsync(
        long stream,
        long after,
        int limit,
        CancellationToken cancellation
    ) =>
        Do<IReadOnlyList<JournalRow>>(
            "read",
            () => [.. _streams.GetValueOrDefault(stream, []).Where(row => row.Position > after).Take(limit)]
        );

    public Task<long> EndAsync(long stream, CancellationToken cancellation) =>
        Do("end", () => (long)_streams.GetValueOrDefault(stream, []).Count);

    public Task<long> CursorAsync(long stream, string sink, CancellationToken cancellation) =>
        Do("cursor", () => _cursors.GetValueOrDefault((stream, sink)));

    public Task<long?> UndrainedCursorAsync(long stream, string sink, CancellationToken cancellation) =>
        Do<long?>("cursor", () => _drained.Contains(stream) ? null : _cursors.GetValueOrDefault((stream, sink)));

    public Task MoveCursorAsync(long stream, string sink, long position, CancellationToken cancellation) =>
        MoveCursorAsync(stream, sink, position, [], cancellation);

    public Task MarkDrainedAsync(long stream, CancellationToken cancellation) =>
        Do("drained", () => _drained.Add(stream));

    public Task<IReadOnlyList<BlockedActorRow>> ReadAsync(
        long stream,
        string sink,
        int limit,
        CancellationToken cancellation
    ) =>
        Do<IReadOnlyList<BlockedActorRow>>(
            "aside",
            () =>
                [
                    .. _blockedActors
                        .Where(row => row.Key.Stream == stream && row.Key.Sink == sink)
                        .Select(row => row.Value)
                        .Take(limit),
                ]
        );

    public Task<IReadOnlyList<BlockedActorRow>> ReadAsync(
        long stream,
        string sink,
        IReadOnlyCollection<ActorId> actors,
        CancellationToken cancellation
    ) =>
        Do<IReadOnlyList<BlockedActorRow>>(
            "aside",
            () =>
                [
                    .. actors
                        .Select(actor => _blockedActors.GetValueOrDefault((stream, sink, actor)))
                        .OfType<BlockedActorRow>(),
                ]
        );

    public Task<long?> NextAsync(
        long stream,
        ActorId actor,
        long after,
        long position,
        CancellationToken cancellation
    ) =>
        Do(
            "next",
            () =>
                _events
                    .Values.Where(row =>
                        row.Actor == actor && row.Stream == stream && row.Sequence > after && row.Position <= position
                    )
                    .Select(row => (long?)row.Sequence)
                    .Min()
        );

    public Task MoveCursorAsync(
        long stream,
        string sink,
        long position,
        IReadOnlyCollection<BlockedActorRow> rows,
        CancellationToken cancellation
    ) =>
        Do(
            "move",
            () =>
            {
                _cursors[(stream, sink)] = Math.Max(position, _cursors.GetValueOrDefault((stream, sink)));
                foreach (var row in rows)
                    _blockedActors.TryAdd((stream, sink, row.Actor), row);
                return true;
            }
        );

    public Task<bool> ReplaceAsync(
        long stream,
        string sink,
        long carried,
        IReadOnlyCollection<(ActorId Actor, BlockedActorRow? After)> replaced,
        CancellationToken cancellation
    ) =>
        Do(
            "settle",
            () =>
            {
                if (_cursors.GetValueOrDefault((stream, sink)) > carried)
                    return false;
                foreach (var (actor, after) in replaced)
                {
                    _blockedActors.Remove((stream, sink, actor));
                    if (after is not null)
                        _blockedActors[(stream, sink, actor)] = after;
                }

                return true;
            }
        );

    public Task<IReadOnlyList<EventPosition>> PositionsAsync(
        string sink,
        IReadOnlyCollection<(ActorId Actor, long Sequence)> events,
        CancellationToken cancellation
    ) =>
        Do<IReadOnlyList<EventPosition>>(
            "places",
            () =>
                [
                    .. from e in events
                    let row = _events.GetValueOrDefault(e)
                    where row is not null
                    select new EventPosition(
                        e.Actor,
                        e.Sequence,
                        new StreamPosition(row.Stream, row.Position),
                        ClaimsRelayed(sink, row)
                    ),
                ]
        );

    public Task<IReadOnlyDictionary<long, long>> CursorsAsync(
        string sink,
        IReadOnlyCollection<long> streams,
        CancellationToken cancellation
    ) =>
        Do<IReadOnlyDictionary<long, long>>(
            "carried",
            () =>
                streams.ToDictionary(
                    stream => stream,
                    stream => _drained.Contains(stream) ? long.MaxValue : _cursors.GetValueOrDefault((stream, sink))
                )
        );

    public Task<BlockedActorRow?> RetryAsync(string sink, ActorId actor, CancellationToken cancellation) =>
        Operate(sink, actor, 0);

    public Task<BlockedActorRow?> SkipAsync(string sink, ActorId actor, CancellationToken cancellation) =>
        Operate(sink, actor, 1);

    public Task<IReadOnlyList<JournalRow>> HistoryAsync(
        ActorId actor,
        long after,
        int limit,
        CancellationToken cancellation
    ) =>
        Do<IReadOnlyList<JournalRow>>(
            "history",
            () =>
                [
                    .. _events
                        .Values.Where(row => row.Actor == actor && row.Sequence > after)
                        .OrderBy(row => row.Sequence)
                        .Take(limit),
                ]
        );

    public Task<IReadOnlyList<StreamRow>> ListAsync(CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task FenceAsync(IReadOnlyCollection<long> streams, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task PurgeAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public Task<Page<BlockedActorRow>> ParkedAsync(
        string sink,
        string? after,
        int limit,
        CancellationToken cancellation
    ) => throw new NotSupportedException();

    public Task<StoredActor> LoadAsync(ActorId actor, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task<long> HeadAsync(ActorId actor, CancellationToken cancellation) => throw new NotSupportedException();

    public Task WriteSnapshotAsync(
        ActorId actor,
        long sequence,
        ReadOnlyMemory<byte> snapshot,
        CancellationToken cancellation
    ) => throw new NotSupportedException();

    private Task<BlockedActorRow?> Operate(string sink, ActorId actor, int skipped) =>
        Do(
            "operate",
            () =>
            {
                var (key, parked) = _blockedActors.FirstOrDefault(row =>
                    row.Key.Sink == sink && row.Key.Actor == actor && row.Value.State == BlockedActorState.Parked
                );
                if (parked is not null)
                    _blockedActors[key] = parked with
                    {
                        State = BlockedActorState.Waiting,
                        Sequence = parked.Sequence + skipped,
                    };
                return parked;
            }
        );

    /// <summary>A call that fails before it has an effect, or after: a caller cannot tell.</summary>
    private Task<T> Do<T>(string what, Func<T> act)
    {
        try
        {
            T result;
            Before(what);
            lock (_gate)
                result = act();
            Before(what + " done");
            return Task.FromResult(result);
        }
        catch (Exception e)
        {
            return Task.FromException<T>(e);
        }
    }
}
