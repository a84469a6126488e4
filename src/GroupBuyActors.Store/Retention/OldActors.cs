using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Retention;

/// <summary>
/// Removes the events and snapshots of actors, of whatever kind. Who decides that they may go has written a last
/// snapshot where events are removed without it, and names the head: the event of that sequence goes last, for with it
/// the database goes on refusing an activation that is not the newest.
/// </summary>
internal sealed class OldActors(Database database)
{
    private const int ValuesMax = 500;

    /// <summary>
    /// Scans at most <paramref name="limit"/> actors of a kind. Returns those whose last event was before an instant,
    /// and where to continue, null at the end.
    /// </summary>
    // Index journal_sequence (actor_id, sequence) alone for the heads, and a row of the table for each.
    public async Task<(IReadOnlyList<ActorId> Old, ActorId? Next)> ScanAsync(
        string kind,
        ActorId? after,
        DateTimeOffset before,
        int limit,
        CancellationToken cancellation
    )
    {
        // A colon ends the kind, and a semicolon comes next behind it.
        var (first, end) = (after?.ToString() ?? $"{kind}:", $"{kind};");
        var heads = await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"""
                        select j.actor_id, j.time_ms from journal j join (
                          select actor_id, max(sequence) as head from journal
                            where actor_id > {first} and actor_id < {end}
                            group by actor_id order by actor_id limit {limit}) h
                          on j.actor_id = h.actor_id and j.sequence = h.head order by j.actor_id
                        """,
                        row => (Actor: ActorId.Parse(row.GetString(0)), TimeMs: row.GetInt64(1)),
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
        var beforeMs = before.ToUnixTimeMilliseconds();
        return (
            [.. heads.Where(head => head.TimeMs < beforeMs).Select(head => head.Actor)],
            heads.Count == limit ? heads[^1].Actor : null
        );
    }

    /// <summary>
    /// Removes events of an actor after one sequence and below another, those that every sink has passed, at most so
    /// many; gives where to go on, null at the end. Nothing is removed of an actor that is blocked on the way to a
    /// sink.
    /// </summary>
    public async Task<(int Removed, long? Next)> RemoveEventsAsync(
        ActorId actor,
        long after,
        long below,
        IReadOnlyCollection<string> sinks,
        int limit,
        CancellationToken cancellation
    )
    {
        var (rows, removable) = await database
            .ReadAsync(
                async (session, ct) =>
                {
                    // Index journal_sequence (actor_id, sequence), which carries the primary key.
                    var rows = await session
                        .ListAsync(
                            $"""
                            select stream, position, sequence from journal where actor_id = {actor}
                              and sequence > {after} and sequence < {below} order by sequence limit {limit}
                            """,
                            row => (Stream: row.GetInt64(0), Position: row.GetInt64(1), Sequence: row.GetInt64(2)),
                            ct
                        )
                        .ConfigureAwait(false);
                    var passed = new Dictionary<long, long>();
                    foreach (var stream in rows.Select(row => row.Stream).Distinct().ToList())
                        passed[stream] = await IsBlockedAsync(session, stream, sinks, actor, ct).ConfigureAwait(false)
                            ? 0
                            : await StreamEdge.PassedAsync(session, stream, sinks, ct).ConfigureAwait(false);
                    return (rows, rows.Where(row => row.Position <= passed[row.Stream]).ToList());
                },
                cancellation
            )
            .ConfigureAwait(false);
        if (removable.Count > 0)
            // Primary key, in its order.
            await database
                .WriteAsync(
                    SqlText.Join(
                        "; ",
                        removable
                            .OrderBy(row => row.Stream)
                            .ThenBy(row => row.Position)
                            .GroupBy(row => row.Stream)
                            .SelectMany(stream =>
                                stream
                                    .Chunk(ValuesMax)
                                    .Select(some =>
                                        (SqlText)
                                            $"""
                                                delete from journal where stream = {stream.Key}
                                                  and position in
                                                  ({Positions(some)})
                                                  and actor_id = {actor}
                                                """
                                    )
                            )
                    ),
                    cancellation
                )
                .ConfigureAwait(false);
        return (removable.Count, rows.Count < limit ? null : rows[^1].Sequence);
    }

    /// <summary>Removes snapshots of an actor older than one.</summary>
    // Primary keys.
    public Task RemoveSnapshotsAsync(ActorId actor, long below, CancellationToken cancellation) =>
        database.WriteAsync(
            $"""
            delete from snapshot_head where actor_id = {actor} and sequence < {below}; delete
              from snapshot_chunk where actor_id = {actor} and sequence < {below}
            """,
            cancellation
        );

    /// <summary>
    /// Removes what is left of an actor's events and snapshots. Null where they must stay: an event came after
    /// <paramref name="head"/>, or a sink has not passed it.
    /// </summary>
    public async Task<bool?> RemoveAsync(
        ActorId actor,
        long head,
        IReadOnlyCollection<string> sinks,
        CancellationToken cancellation
    ) =>
        await HasPassedAsync(actor, head, sinks, cancellation).ConfigureAwait(false)
            ? await RemoveAsync(actor, head, $"", cancellation).ConfigureAwait(false)
            : null;

    /// <summary>
    /// The same in one transaction with statements of the kind's own; whether every sink has passed it is for the
    /// caller to know.
    /// </summary>
    public Task<bool?> RemoveAsync(ActorId actor, long head, SqlText andAlso, CancellationToken cancellation) =>
        database.WriteAsync<bool?>(
            async (session, ct) =>
            {
                // Index journal_sequence; locked, so that no event comes between.
                var events = await session
                    .ListAsync(
                        $"select sequence from journal where actor_id = {actor}{database.Dialect.ForUpdate}",
                        row => row.GetInt64(0),
                        ct
                    )
                    .ConfigureAwait(false);
                if (events.Count == 0 || events.Max() != head)
                    return null;
                await session
                    .ExecuteAsync(
                        $"""
                        delete from journal where actor_id = {actor};
                        delete from snapshot_head where actor_id = {actor};
                        delete from snapshot_chunk where actor_id = {actor}{andAlso}
                        """,
                        ct
                    )
                    .ConfigureAwait(false);
                return true;
            },
            cancellation
        );

    /// <summary>Whether an actor's last event is the head, and every sink has passed all of its events.</summary>
    public Task<bool> HasPassedAsync(
        ActorId actor,
        long head,
        IReadOnlyCollection<string> sinks,
        CancellationToken cancellation
    ) =>
        database.ReadAsync(
            async (session, ct) =>
            {
                var rows = await session
                    .ListAsync(
                        $"""
                        select stream, position, sequence from journal where actor_id = {actor}
                          order by sequence
                        """,
                        row => (Stream: row.GetInt64(0), Position: row.GetInt64(1), Sequence: row.GetInt64(2)),
                        ct
                    )
                    .ConfigureAwait(false);
                if (rows.Count == 0 || rows[^1].Sequence != head)
                    return false;
                foreach (var (stream, position, _) in rows)
                    if (
                        await IsBlockedAsync(session, stream, sinks, actor, ct).ConfigureAwait(false)
                        || position > await StreamEdge.PassedAsync(session, stream, sinks, ct).ConfigureAwait(false)
                    )
                        return false;
                return true;
            },
            cancellation
        );

    private static Raw Positions(IEnumerable<(long Stream, long Position, long Sequence)> rows) =>
        new(string.Join(',', rows.Select(row => row.Position)));

    // Primary key of relay_blocked.
    private static async Task<bool> IsBlockedAsync(
        DbSession session,
        long stream,
        IReadOnlyCollection<string> sinks,
        ActorId actor,
        CancellationToken cancellation
    ) =>
        sinks.Count > 0
        && await session
            .NumberAsync(
                $"""
                select count(*) from relay_blocked where stream = {stream}
                  and sink in ({SqlText.Values(sinks)}) and actor_id = {actor}
                """,
                0,
                cancellation
            )
            .ConfigureAwait(false) > 0;
}
