using System.Data.Common;
using GroupBuyActors.Committing;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Streams;

namespace GroupBuyActors.Store.Streams;

/// <summary>
/// Rows of <c>relay_blocked</c>. The relay's changes of a stream's rows lock the row of its cursor first, so that a
/// move of the cursor and a replacement of rows wait for each other.
/// </summary>
internal sealed class BlockedActorTable(Database database) : IBlockedActorStore
{
    private const int RowsAtOnce = 200;
    private const int ReasonCharactersMax = 500;
    private static readonly Raw Columns = new("stream, actor_id, sequence, state, since_ms, reason");

    /// <inheritdoc/>
    public async Task<IReadOnlyList<BlockedActorRow>> ReadAsync(
        long stream,
        string sink,
        int limit,
        CancellationToken cancellation
    ) =>
        await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        // Primary key (stream, sink, actor_id).
                        $"""
                        select {Columns} from relay_blocked where stream = {stream} and sink = {sink}
                          order by actor_id limit {limit}
                        """,
                        Row,
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<BlockedActorRow>> ReadAsync(
        long stream,
        string sink,
        IReadOnlyCollection<ActorId> actors,
        CancellationToken cancellation
    )
    {
        var rows = new List<BlockedActorRow>();
        foreach (var some in actors.Chunk(RowsAtOnce))
            rows.AddRange(
                await database
                    .ReadAsync(
                        (session, ct) =>
                            session.ListAsync(
                                // Primary key (stream, sink, actor_id).
                                $"""
                                select {Columns} from relay_blocked where stream = {stream} and sink = {sink}
                                  and actor_id in
                                  ({SqlText.Join(",", some.Select(actor => Statement($"{actor}")))})
                                """,
                                Row,
                                ct
                            ),
                        cancellation
                    )
                    .ConfigureAwait(false)
            );
        return rows;
    }

    /// <inheritdoc/>
    public async Task<long?> NextAsync(
        long stream,
        ActorId actor,
        long after,
        long position,
        CancellationToken cancellation
    )
    {
        // Unique key journal_sequence (actor_id, sequence), which holds the primary key too.
        var next = await database
            .ReadAsync(
                (session, ct) =>
                    session.NumberAsync(
                        $"""
                        select min(sequence) from journal where actor_id = {actor} and sequence > {after}
                          and stream = {stream} and position <= {position}
                        """,
                        0,
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
        return next > 0 ? next : null;
    }

    /// <inheritdoc/>
    public Task MoveCursorAsync(
        long stream,
        string sink,
        long position,
        IReadOnlyCollection<BlockedActorRow> rows,
        CancellationToken cancellation
    )
    {
        var unlessFurther = database.Dialect.OverwriteOlder(["stream", "sink"], "position", []);
        SqlText statements = $"""
            insert into relay_cursor (stream, sink, position)
              values ({stream}, {sink}, {position}){unlessFurther}
            """;
        foreach (
            var some in rows.OrderBy(row => row.Actor.ToString(), StringComparer.Ordinal)
                .Chunk(database.Dialect.RowsPerInsert)
        )
            statements.Append(
                $"""
                ; {database.Dialect.InsertIgnore} into relay_blocked (sink, {Columns})
                  values {SqlText.Join(", ", some.Select(row => Values(sink, row)))}
                """
            );
        return database.WriteAsync(statements, cancellation);
    }

    /// <inheritdoc/>
    public Task<bool> ReplaceAsync(
        long stream,
        string sink,
        long relayed,
        IReadOnlyCollection<(ActorId Actor, BlockedActorRow? After)> replaced,
        CancellationToken cancellation
    )
    {
        var ordered = replaced.OrderBy(pair => pair.Actor.ToString(), StringComparer.Ordinal).ToList();
        var unchanged = database.Dialect.OrElseSet(["stream", "sink"], "position = relay_cursor.position");
        return database.WriteAsync(
            async (session, ct) =>
            {
                // An insert, because a missing row could not be locked.
                await session
                    .ExecuteAsync(
                        $"""
                        insert into relay_cursor (stream, sink, position)
                          values ({stream}, {sink}, 0){unchanged}
                        """,
                        ct
                    )
                    .ConfigureAwait(false);
                var cursor = await session
                    .NumberAsync($"select position from relay_cursor where stream = {stream} and sink = {sink}", 0, ct)
                    .ConfigureAwait(false);
                if (cursor > relayed)
                    return false;
                foreach (var some in ordered.Chunk(RowsAtOnce))
                {
                    // By primary key.
                    await session
                        .ExecuteAsync(
                            SqlText.Join(
                                "; ",
                                some.Select(pair =>
                                    Statement(
                                        $"""
                                        delete from relay_blocked where stream = {stream} and sink = {sink}
                                          and actor_id = {pair.Actor}
                                        """
                                    )
                                )
                            ),
                            ct
                        )
                        .ConfigureAwait(false);
                    foreach (
                        var rows in some.Select(pair => pair.After)
                            .OfType<BlockedActorRow>()
                            .Chunk(database.Dialect.RowsPerInsert)
                    )
                        await session
                            .ExecuteAsync(
                                $"""
                                insert into relay_blocked (sink, {Columns})
                                  values {SqlText.Join(", ", rows.Select(row => Values(sink, row)))}
                                """,
                                ct
                            )
                            .ConfigureAwait(false);
                }

                return true;
            },
            cancellation
        );
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<EventPosition>> PositionsAsync(
        string sink,
        IReadOnlyCollection<(ActorId Actor, long Sequence)> events,
        CancellationToken cancellation
    )
    {
        var positions = new List<EventPosition>(events.Count);
        foreach (var some in events.Chunk(RowsAtOnce))
            // Unique key journal_sequence (actor_id, sequence), then primary keys. One statement reads a blocked
            // actor's row and the cursor that has passed its event at the same moment.
            positions.AddRange(
                await database
                    .ReadAsync(
                        (session, ct) =>
                            session.ListAllAsync(
                                database.Dialect.Combine(
                                    some.Select(e =>
                                        Statement(
                                            $"""
                                            select j.actor_id, j.sequence, j.stream, j.position,
                                              case when s.id is null or s.state = 3 then 1
                                                when coalesce(c.position, 0) >= j.position
                                                  and (b.sequence is null or b.sequence > j.sequence) then 1 else 0 end
                                            from journal j
                                            left join stream s on s.id = j.stream
                                            left join relay_cursor c on c.stream = j.stream and c.sink = {sink}
                                            left join relay_blocked b on b.stream = j.stream and b.sink = {sink}
                                              and b.actor_id = j.actor_id
                                            where j.actor_id = {e.Actor} and j.sequence = {e.Sequence}
                                            """
                                        )
                                    )
                                ),
                                ReadPosition,
                                ct
                            ),
                        cancellation
                    )
                    .ConfigureAwait(false)
            );
        return positions;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<long, long>> CursorsAsync(
        string sink,
        IReadOnlyCollection<long> streams,
        CancellationToken cancellation
    )
    {
        var relayed = streams.Distinct().ToDictionary(stream => stream, _ => long.MaxValue);
        foreach (var some in relayed.Keys.ToArray().Chunk(RowsAtOnce))
        // Primary keys of both.
        foreach (
            var (stream, position) in await database
                .ReadAsync(
                    (session, ct) =>
                        session.ListAsync(
                            $"""
                            select s.id, coalesce(c.position, 0) from stream s
                              left join relay_cursor c on c.stream = s.id and c.sink = {sink}
                              where s.state <> 3 and s.id in ({Numbers(some)})
                            """,
                            row => (row.GetInt64(0), row.GetInt64(1)),
                            ct
                        ),
                    cancellation
                )
                .ConfigureAwait(false)
        )
            relayed[stream] = position;
        return relayed;
    }

    /// <inheritdoc/>
    public async Task<Page<BlockedActorRow>> ParkedAsync(
        string sink,
        string? after,
        int limit,
        CancellationToken cancellation
    )
    {
        var from = ReadParked(after) ?? "";
        var rows = await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        // Index relay_blocked_state (sink, state, actor_id).
                        $"""
                        select {Columns} from relay_blocked where sink = {sink} and state = 2
                          and actor_id > {from} order by actor_id limit {limit + 1}
                        """,
                        Row,
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
        return PageToken.Page(rows, limit, row => WriteParked(row.Actor.ToString()));
    }

    /// <summary>The actor of a page token of <see cref="ParkedAsync"/>; null is the start.</summary>
    internal static string? ReadParked(string? pageToken) => PageToken.Read("parked", pageToken)?.Id;

    /// <summary>The page token that begins after an actor.</summary>
    internal static string WriteParked(string actor) => PageToken.Write("parked", 0, actor);

    /// <inheritdoc/>
    public Task<BlockedActorRow?> RetryAsync(string sink, ActorId actor, CancellationToken cancellation) =>
        ReleaseAsync(sink, actor, 0, cancellation);

    /// <inheritdoc/>
    public Task<BlockedActorRow?> SkipAsync(string sink, ActorId actor, CancellationToken cancellation) =>
        ReleaseAsync(sink, actor, 1, cancellation);

    private Task<BlockedActorRow?> ReleaseAsync(
        string sink,
        ActorId actor,
        int skipped,
        CancellationToken cancellation
    ) =>
        database.WriteAsync(
            async (session, ct) =>
            {
                // Index relay_blocked_state (sink, state, actor_id).
                var parked = (
                    await session
                        .ListAsync(
                            $"""
                            select {Columns} from relay_blocked where sink = {sink} and state = 2
                              and actor_id = {actor} order by sequence limit 1{database.Dialect.ForUpdate}
                            """,
                            Row,
                            ct
                        )
                        .ConfigureAwait(false)
                ).SingleOrDefault();
                if (parked is null)
                    return null;
                await session
                    .ExecuteAsync(
                        $"""
                        update relay_blocked set state = 1, sequence = sequence + {skipped}
                          where stream = {parked.Stream} and sink = {sink} and actor_id = {actor}
                        """,
                        ct
                    )
                    .ConfigureAwait(false);
                return parked;
            },
            cancellation
        );

    private static SqlText Values(string sink, BlockedActorRow row)
    {
        var reason = row.Reason is { Length: > ReasonCharactersMax } text ? text[..ReasonCharactersMax] : row.Reason;
        return $"({sink}, {row.Stream}, {row.Actor}, {row.Sequence}, {(int)row.State}, "
            + $"{row.Since.ToUnixTimeMilliseconds()}, {reason})";
    }

    private static Raw Numbers(IEnumerable<long> numbers) => new(string.Join(',', numbers));

    private static SqlText Statement(SqlText sql) => sql;

    private static BlockedActorRow Row(DbDataReader row) =>
        new(
            row.GetInt64(0),
            ActorId.Parse(row.GetString(1)),
            row.GetInt64(2),
            (BlockedActorState)row.GetInt32(3),
            row.Instant(4),
            row.Text(5)
        );

    private static EventPosition ReadPosition(DbDataReader row) =>
        new(
            ActorId.Parse(row.GetString(0)),
            row.GetInt64(1),
            new StreamPosition(row.GetInt64(2), row.GetInt64(3)),
            row.GetInt32(4) == 1
        );
}
