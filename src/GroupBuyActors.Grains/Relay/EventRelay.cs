using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Ports;
using GroupBuyActors.Reading;
using GroupBuyActors.Streams;

namespace GroupBuyActors.Relay;

/// <summary>
/// Publishes the events of one stream so that each actor's are published in sequence, although an actor's events are in
/// several streams: every silo on which it was active has written some.
/// <code>
/// stream A (silo 1)   g:1 ─ g:2 ─ h:1 ─ g:3                          g:3 is relayed when A's cursor has passed it
/// stream B (silo 2)                          g:4 ─ k:1 ─ g:5         g:4 may go when g:3 is relayed; k:1 at any time
/// </code>
/// <list type="bullet">
/// <item><b>Relayed</b> is an event that its stream's cursor has passed and whose actor is not blocked there from
/// this event on or before it. An event goes when it is its actor's first, or the one before it is relayed. Within a
/// stream that is known from what went before; at the first event after a move it is looked up in the journal,
/// once.</item>
/// <item>If it is not relayed yet, the actor is <b>blocked</b>: this stream skips its events from there on and
/// continues with all others. One row records that, however many events follow, and it is written in the transaction
/// that moves the cursor past them. When the previous event is relayed, the actor's events up to the cursor are read
/// from the journal and published, and the row is removed.</item>
/// <item>An event that is refused for good <b>parks</b> its actor in the same way: a reader that drops sequences it has
/// seen would not notice a gap, so nothing of the actor goes past it until an operator decides.</item>
/// <item>After any other failure, each actor's events are published again from the first that is not published. By the
/// publisher's contract none after it is published.</item>
/// </list>
/// What is remembered here is lost in a crash; the silo that adopts the stream reads the rows and continues at the
/// cursor, repeating at most what was published since the cursor was written. It repeats those events and all that
/// follow, in order: readers drop what they have seen. The cursor must never pass an event that is neither published
/// nor covered by a row.
/// </summary>
internal sealed class EventRelay(
    long stream,
    IEventPublisher publisher,
    ActorEventRegistry kinds,
    IBlockedActorStore blockedActors,
    BlockedActors waiting,
    GrainsOptions options,
    RelayMetrics metrics,
    TimeProvider clock
) : IStreamConsumer
{
    // The last relayed event of each actor that had events in this stream lately.
    private readonly Dictionary<ActorId, long> _relayed = [];

    // Actors whose events were skipped since the cursor was written.
    private readonly HashSet<ActorId> _passedOver = [];

    public string Name => publisher.Name;

    public int ActorsWaiting => waiting.Waiting;

    public int ActorsParked => waiting.Parked;

    // A publisher forms batches by itself, so waiting here would only delay events.
    public TimeSpan Gathers(GrainsOptions options) => TimeSpan.Zero;

    public async Task TakeAsync(IReadOnlyList<Commit> commits, CancellationToken cancellation) =>
        await TakeAsync(
            from commit in commits
            where commit.Actor is not null
            from e in commit.Events
            select new CommittedEvent(commit.Actor!.Value, e.Sequence, e.Type, e.Version, e.Time, e.Payload, e.Trace),
            cancellation
        );

    public async Task TakeAsync(IReadOnlyList<JournalRow> rows, CancellationToken cancellation) =>
        await TakeAsync(
            from row in rows
            where row.Actor is not null
            select new CommittedEvent(
                row.Actor!.Value,
                row.Sequence,
                row.Type,
                row.Version,
                row.Time,
                row.Payload,
                row.Trace
            ),
            cancellation
        );

    public async Task<bool> MaintainAsync(long taken, CancellationToken cancellation)
    {
        await waiting.OpenAsync(cancellation);
        if (waiting.Count == 0)
            return true;
        await waiting.ReleaseAsync(taken, (actor, last) => _relayed[actor] = last, cancellation);
        return waiting.Count == 0;
    }

    public async Task MoveCursorAsync(IStreams streams, long ofStream, long position, CancellationToken cancellation)
    {
        var rows = waiting.RowsOf(_passedOver);
        await blockedActors.MoveCursorAsync(stream, Name, position, rows, cancellation);
        waiting.AreStored(rows);
        _passedOver.Clear();
        if (_relayed.Count > options.RelayKnownMax)
            _relayed.Clear();
    }

    private async Task TakeAsync(IEnumerable<CommittedEvent> events, CancellationToken cancellation)
    {
        await waiting.OpenAsync(cancellation);
        foreach (var some in events.Chunk(options.RelayPublishMax))
            await RelayAsync(some, cancellation);
    }

    private async Task RelayAsync(CommittedEvent[] events, CancellationToken cancellation)
    {
        if (waiting.Count >= options.BlockedActorsMax)
            await EnsureCapacityAsync(cancellation);
        var early = await EarlyAsync(events, cancellation);
        // Blocked only after the earlier events are published, because a row means that all before it are relayed.
        var held = new Dictionary<ActorId, BlockedActorRow>();
        var offered = new List<OutgoingEvent>(events.Length);
        foreach (var e in events)
        {
            if (held.ContainsKey(e.Actor) || MustWait(e))
                continue;
            if (_relayed.TryGetValue(e.Actor, out var last) && e.Sequence <= last)
                continue;
            if (early.Contains((e.Actor, e.Sequence)))
                held.Add(e.Actor, Row(e.Actor, e.Sequence, BlockedActorState.Waiting, null));
            else if (kinds.Outgoing(e) is { } outgoing)
                offered.Add(outgoing);
            else
                held.Add(e.Actor, Row(e.Actor, e.Sequence, BlockedActorState.Parked, BlockedActors.Unreadable));
        }

        var open = offered.Count == 0 ? [] : Publish(offered, await publisher.PublishAsync(offered, cancellation));
        foreach (var row in held.Values)
            if (!open.Contains(row.Actor))
                Block(row);
        if (open.Count > 0)
            throw new EventsOpenException($"Events of {open.Count} actors are not published yet.");
    }

    /// <summary>
    /// Events whose predecessor lies in another stream and is not relayed: looked up for those that do not follow what
    /// went before.
    /// </summary>
    private async Task<HashSet<(ActorId, long)>> EarlyAsync(CommittedEvent[] events, CancellationToken cancellation)
    {
        var heads = new Dictionary<ActorId, long>();
        var unknown = new List<(ActorId Actor, long Sequence)>();
        foreach (var e in events)
        {
            if (waiting.Contains(e.Actor))
                continue;
            var isKnown = heads.TryGetValue(e.Actor, out var head) || _relayed.TryGetValue(e.Actor, out head);
            if (isKnown ? e.Sequence > head + 1 : e.Sequence > 1)
                unknown.Add((e.Actor, e.Sequence - 1));
            heads[e.Actor] = isKnown ? Math.Max(head, e.Sequence) : e.Sequence;
        }

        if (unknown.Count == 0)
            return [];
        var positions = await blockedActors.PositionsAsync(Name, unknown, cancellation);
        // An event in this stream was published before, whatever the stored cursor is by now.
        return
        [
            .. from position in positions
            where !position.IsRelayed && position.At.Stream != stream
            select (position.Actor, position.Sequence + 1),
        ];
    }

    private async Task EnsureCapacityAsync(CancellationToken cancellation)
    {
        await MaintainAsync(waiting.CommitCursor, cancellation);
        if (waiting.Count >= options.BlockedActorsMax)
            throw new InvalidOperationException(
                $"{waiting.Count} actors of stream {stream} are blocked; the stream waits until some of them "
                    + "are released."
            );
    }

    private bool MustWait(CommittedEvent e)
    {
        if (!waiting.TryGet(e.Actor, out var row))
            return false;
        // All events before the row's first are relayed; all later ones are published when the actor is released.
        if (e.Sequence >= row.Sequence)
            _passedOver.Add(e.Actor);
        return true;
    }

    /// <summary>
    /// Records the outcomes of events; returns the actors some of whose events must be published again.
    /// </summary>
    private HashSet<ActorId> Publish(List<OutgoingEvent> offered, IReadOnlyList<PublishOutcome> outcomes)
    {
        var open = new HashSet<ActorId>();
        var published = 0;
        foreach (var (e, outcome) in offered.Zip(outcomes))
        {
            // Events after one that is open or parked do not count: they are published again, after it.
            if (open.Contains(e.Actor) || waiting.Contains(e.Actor))
                continue;
            if (outcome.State == PublishState.Open)
            {
                open.Add(e.Actor);
            }
            else if (outcome.State == PublishState.Refused)
            {
                Block(Row(e.Actor, e.Sequence, BlockedActorState.Parked, outcome.Reason ?? BlockedActors.NoReason));
            }
            else
            {
                _relayed[e.Actor] = e.Sequence;
                published++;
            }
        }

        metrics.Published(Name, published);
        return open;
    }

    private void Block(BlockedActorRow row)
    {
        waiting.Add(row);
        _passedOver.Add(row.Actor);
    }

    private BlockedActorRow Row(ActorId actor, long sequence, BlockedActorState state, string? reason) =>
        new(stream, actor, sequence, state, clock.GetUtcNow(), reason);
}

/// <summary>Some events must be published again.</summary>
internal sealed class EventsOpenException(string message) : Exception(message);
