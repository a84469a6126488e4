using System.Diagnostics.CodeAnalysis;
using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Ports;
using GroupBuyActors.Reading;
using GroupBuyActors.Streams;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Relay;

/// <summary>
/// The blocked actors of one stream, and their release: once the event before an actor's first is relayed, its events
/// are read from the journal as far as the stream was taken and published in order, and the row is removed or moved.
/// See <see cref="EventRelay"/>.
/// </summary>
internal sealed class BlockedActors(
    long stream,
    IEventPublisher publisher,
    ActorEventRegistry kinds,
    IBlockedActorStore blockedActors,
    IActorReader reader,
    TimeProvider clock,
    GrainsOptions options,
    RelayMetrics metrics,
    ILogger log
)
{
    /// <summary>What an operator reads of an event whose payload is no JSON of ours.</summary>
    public const string Unreadable = "The journal row cannot be read.";

    /// <summary>Used when a publisher refuses and gives no reason.</summary>
    public const string NoReason = "No reason was given.";

    // The number of actors handled in one round, which limits what is read and published for them.
    private const int ActorsAtOnce = 200;
    private const int EventsAtOnce = 500;
    private readonly Dictionary<ActorId, Entry> _entries = [];

    // Actors take turns, so that those that wait for another stream do not delay others.
    private readonly Queue<ActorId> _line = new();
    private readonly HashSet<ActorId> _inLine = [];
    private int _parked;
    private bool _isOpen;
    private long? _parkedReadAt;

    public int Count => _entries.Count;

    public int Waiting => _entries.Count - _parked;

    public int Parked => _parked;

    /// <summary>The position up to which the stream was taken at the last maintenance.</summary>
    public long CommitCursor { get; private set; }

    /// <summary>Reads the rows that an earlier forwarder of the stream has stored.</summary>
    public async Task OpenAsync(CancellationToken cancellation)
    {
        if (_isOpen)
            return;
        foreach (var row in await blockedActors.ReadAsync(stream, publisher.Name, int.MaxValue, cancellation))
            Put(row, isStored: true);
        _isOpen = true;
    }

    public bool TryGet(ActorId actor, [NotNullWhen(true)] out BlockedActorRow? row)
    {
        row = _entries.TryGetValue(actor, out var entry) ? entry.Row : null;
        return row is not null;
    }

    public bool Contains(ActorId actor) => _entries.ContainsKey(actor);

    /// <summary>Blocks an actor, unless it is blocked already.</summary>
    public void Add(BlockedActorRow row)
    {
        if (!_entries.ContainsKey(row.Actor))
            Put(row, isStored: false);
    }

    /// <summary>The rows to be written with a cursor that passes these actors' events.</summary>
    public IReadOnlyCollection<BlockedActorRow> RowsOf(IEnumerable<ActorId> actors) =>
        [.. actors.Select(actor => _entries.GetValueOrDefault(actor)?.Row).OfType<BlockedActorRow>()];

    public void AreStored(IEnumerable<BlockedActorRow> rows)
    {
        foreach (var row in rows)
            if (_entries.TryGetValue(row.Actor, out var entry))
                entry.IsStored = true;
    }

    /// <summary>
    /// Publishes what can be published; reports the last relayed event of each actor that is no longer blocked.
    /// </summary>
    public async Task ReleaseAsync(long taken, Action<ActorId, long> released, CancellationToken cancellation)
    {
        CommitCursor = taken;
        await RefreshOperatorActionsAsync(cancellation);
        while (
            Waiting > 0
            && await ReadyAsync(cancellation) is { Count: > 0 } ready
            && await ReleaseAsync(ready, released, cancellation)
        ) { }
    }

    /// <summary>Some of the waiting actors whose previous event is relayed.</summary>
    private async Task<List<Entry>> ReadyAsync(CancellationToken cancellation)
    {
        var awaited = _entries
            .Values.Where(entry => !entry.IsParked)
            .Select(entry => entry.Awaits?.Stream)
            .OfType<long>()
            .Append(stream);
        var relayed = await blockedActors.CursorsAsync(publisher.Name, [.. awaited.Distinct()], cancellation);
        if (relayed[stream] == long.MaxValue)
        {
            // Another silo has drained the stream: all of it is relayed, and its rows are removed with it.
            Clear();
            return [];
        }

        // Another silo that forwards this stream is ahead: until this one has caught up, it does not know which events
        // the rows cover.
        if (relayed[stream] > CommitCursor)
            return [];
        var looked = new List<(ActorId Actor, long Sequence)>();
        var ready = new List<Entry>();
        for (var left = _line.Count; left > 0 && looked.Count + ready.Count < ActorsAtOnce; left--)
        {
            var actor = _line.Dequeue();
            if (!_entries.TryGetValue(actor, out var entry) || entry.IsParked)
            {
                _inLine.Remove(actor);
                continue;
            }

            _line.Enqueue(actor);
            if (entry.Row.Sequence == 1)
                ready.Add(entry);
            else if (entry.Awaits is not { } at || relayed[at.Stream] >= at.Position)
                looked.Add((actor, entry.Row.Sequence - 1));
        }

        if (looked.Count == 0)
            return ready;
        var positions = (await blockedActors.PositionsAsync(publisher.Name, looked, cancellation)).ToDictionary(
            position => position.Actor
        );
        foreach (var (actor, _) in looked)
        {
            // An event that is not in the journal cannot be waited for; one in this stream is before the row's first
            // event, so it is relayed.
            if (!positions.TryGetValue(actor, out var position) || position.IsRelayed || position.At.Stream == stream)
                ready.Add(_entries[actor]);
            else
                _entries[actor].Awaits = position.At;
        }

        return ready;
    }

    /// <summary>
    /// Publishes a page of each actor's events; false if nothing changed and it must be tried later.
    /// </summary>
    private async Task<bool> ReleaseAsync(
        List<Entry> ready,
        Action<ActorId, long> released,
        CancellationToken cancellation
    )
    {
        var pages = new List<Page>(ready.Count);
        for (var i = 0; i < ready.Count && pages.Sum(page => page.Events.Count) < options.RelayPublishMax; i++)
            pages.Add(await ReadAsync(ready[i].Row, cancellation));
        var offered = pages.SelectMany(page => page.Events).ToList();
        var outcomes = offered.Count == 0 ? [] : await publisher.PublishAsync(offered, cancellation);
        metrics.Published(publisher.Name, outcomes.Count(outcome => outcome.State == PublishState.Published));
        var replaced = new List<(ActorId Actor, BlockedActorRow? After)>(pages.Count);
        var (lasts, isOpen, first) = (new List<long>(pages.Count), false, 0);
        foreach (var page in pages)
        {
            var (after, last) = await AfterAsync(page, outcomes.Skip(first).Take(page.Events.Count), cancellation);
            first += page.Events.Count;
            isOpen |= after is { State: BlockedActorState.Waiting } && last < page.Last;
            if (after == page.Row)
                continue;
            replaced.Add((page.Row.Actor, after));
            lasts.Add(last);
        }

        if (
            replaced.Count > 0
            && !await blockedActors.ReplaceAsync(stream, publisher.Name, CommitCursor, replaced, cancellation)
        )
            return false;
        foreach (var ((actor, after), last) in replaced.Zip(lasts))
        {
            if (after is not null)
                Put(after, isStored: true);
            else
                Remove(actor);
            if (after is null)
                released(actor, last);
        }

        if (isOpen)
            throw new EventsOpenException("Events of blocked actors are not published yet.");
        return replaced.Count > 0;
    }

    /// <summary>The next events of an actor in this stream.</summary>
    private async Task<Page> ReadAsync(BlockedActorRow row, CancellationToken cancellation)
    {
        var rows = await reader.HistoryAsync(row.Actor, row.Sequence - 1, EventsAtOnce, cancellation);
        var run = rows.TakeWhile(e => e.Stream == stream && e.Position <= CommitCursor).ToList();
        var events = run.Select(e =>
                kinds.Outgoing(new CommittedEvent(row.Actor, e.Sequence, e.Type, e.Version, e.Time, e.Payload, e.Trace))
            )
            .TakeWhile(e => e is not null)
            .OfType<OutgoingEvent>()
            .ToList();
        var later = rows.Skip(run.Count)
            .FirstOrDefault(e => e.Stream == stream && e.Position <= CommitCursor)
            ?.Sequence;
        return new Page(row, events, events.Count < run.Count, later, rows.Count < EventsAtOnce);
    }

    /// <summary>
    /// The row that remains after a page was published, null for none, and the last event that is relayed.
    /// </summary>
    private async Task<(BlockedActorRow? After, long Last)> AfterAsync(
        Page page,
        IEnumerable<PublishOutcome> outcomes,
        CancellationToken cancellation
    )
    {
        var last = page.Row.Sequence - 1;
        foreach (var outcome in outcomes)
        {
            if (outcome.State == PublishState.Refused)
                return (ParkedAt(last + 1, outcome.Reason ?? NoReason), last);
            if (outcome.State == PublishState.Open)
                return (page.Row with { Sequence = last + 1 }, last);
            last++;
        }

        if (page.IsCutShort)
            return (ParkedAt(last + 1, Unreadable), last);
        var next =
            page.Later
            ?? (
                page.IsWhole
                    ? null
                    : await blockedActors.NextAsync(stream, page.Row.Actor, last, CommitCursor, cancellation)
            );
        return (next is { } sequence ? page.Row with { Sequence = sequence } : null, last);

        BlockedActorRow ParkedAt(long sequence, string reason) =>
            page.Row with
            {
                Sequence = sequence,
                State = BlockedActorState.Parked,
                Since = clock.GetUtcNow(),
                Reason = reason,
            };
    }

    /// <summary>Applies operators' decisions about parked actors.</summary>
    private async Task RefreshOperatorActionsAsync(CancellationToken cancellation)
    {
        if (_parked == 0 || (_parkedReadAt is { } at && clock.GetElapsedTime(at) < GrainsOptions.RelayParkedInterval))
            return;
        var parked = _entries
            .Values.Where(entry => entry.IsParked && entry.IsStored)
            .Select(entry => entry.Row)
            .ToList();
        var rows = (
            await blockedActors.ReadAsync(stream, publisher.Name, [.. parked.Select(row => row.Actor)], cancellation)
        ).ToDictionary(row => row.Actor);
        _parkedReadAt = clock.GetTimestamp();
        foreach (var row in parked)
        {
            // A removed row is treated as one to be tried again.
            var now = rows.GetValueOrDefault(row.Actor) ?? row with { State = BlockedActorState.Waiting };
            if (now.State == BlockedActorState.Parked)
                continue;
            RelayLog.Resumed(log, row.Actor.Key, now.Sequence, publisher.Name);
            Put(now, isStored: true);
        }
    }

    private void Put(BlockedActorRow row, bool isStored)
    {
        Remove(row.Actor);
        _entries[row.Actor] = new Entry(row) { IsStored = isStored };
        if (row.State == BlockedActorState.Parked)
        {
            _parked++;
            metrics.Parked(publisher.Name);
            RelayLog.Parked(log, row.Actor.Key, row.Sequence, publisher.Name, row.Reason ?? NoReason);
        }
        else if (_inLine.Add(row.Actor))
        {
            _line.Enqueue(row.Actor);
        }
    }

    private void Clear()
    {
        _entries.Clear();
        _line.Clear();
        _inLine.Clear();
        _parked = 0;
    }

    private void Remove(ActorId actor)
    {
        if (_entries.Remove(actor, out var entry) && entry.IsParked)
            _parked--;
    }

    private sealed class Entry(BlockedActorRow row)
    {
        public BlockedActorRow Row => row;

        public bool IsParked => row.State == BlockedActorState.Parked;

        /// <summary>True once its row is in the table.</summary>
        public bool IsStored { get; set; }

        /// <summary>The position of the event that it waits for, once it was looked up.</summary>
        public StreamPosition? Awaits { get; set; }
    }

    /// <summary>A page of an actor's events.</summary>
    /// <param name="Row">The actor's row.</param>
    /// <param name="Events">The next events in order of sequence, as far as they follow each other in this
    /// stream.</param>
    /// <param name="IsCutShort">True if the event after them cannot be read.</param>
    /// <param name="Later">The sequence of the actor's next event in this stream after others in another
    /// stream.</param>
    /// <param name="IsWhole">True if the actor has no events beyond those that were read.</param>
    private sealed record Page(
        BlockedActorRow Row,
        List<OutgoingEvent> Events,
        bool IsCutShort,
        long? Later,
        bool IsWhole
    )
    {
        public long Last => Row.Sequence - 1 + Events.Count;
    }
}
