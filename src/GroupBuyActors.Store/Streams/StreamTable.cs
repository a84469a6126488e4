using GroupBuyActors.Reading;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Streams;

namespace GroupBuyActors.Store.Streams;

/// <summary>
/// The table of streams. Every commit takes a share lock on its stream's row, so rows are written by primary key only:
/// a scan with write locks would wait for the commits of every silo.
/// </summary>
internal sealed class StreamTable(Database database) : IStreams
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<StreamRow>> ListAsync(CancellationToken cancellation) =>
        await database.ReadAsync(
            (session, ct) =>
                session.ListAsync(
                    $"select id, silo_address, silo_slot, state from stream where state <> 3 order by id",
                    row => new StreamRow(
                        row.GetInt64(0),
                        row.GetString(1),
                        row.GetString(2),
                        (StreamState)row.GetInt32(3)
                    ),
                    ct
                ),
            cancellation
        );

    /// <inheritdoc/>
    public Task FenceAsync(IReadOnlyCollection<long> streams, CancellationToken cancellation) =>
        // Each statement commits by itself and waits for the share lock of a running commit.
        streams.Count == 0
            ? Task.CompletedTask
            : database.EachAsync(
                SqlText.Join(
                    "; ",
                    streams
                        .Order()
                        .Select(id => Statement($"update stream set state = 2 where id = {id} and state = 1"))
                ),
                cancellation
            );

    /// <inheritdoc/>
    public async Task<IReadOnlyList<JournalRow>> ReadAsync(
        long stream,
        long after,
        int limit,
        CancellationToken cancellation
    ) =>
        await database.ReadAsync(
            (session, ct) =>
                session.ListAsync(
                    // Primary key (stream, position).
                    $"""
                    select {JournalRows.Columns} from journal where stream = {stream} and position > {after}
                      order by position limit {limit}
                    """,
                    JournalRows.Read,
                    ct
                ),
            cancellation
        );

    /// <inheritdoc/>
    public Task<long> EndAsync(long stream, CancellationToken cancellation) =>
        // Primary key (stream, position).
        database.ReadAsync(
            (session, ct) => session.NumberAsync($"select max(position) from journal where stream = {stream}", 0, ct),
            cancellation
        );

    /// <inheritdoc/>
    public Task<long> CursorAsync(long stream, string sink, CancellationToken cancellation) =>
        database.ReadAsync(
            (session, ct) =>
                session.NumberAsync(
                    $"select position from relay_cursor where stream = {stream} and sink = {sink}",
                    0,
                    ct
                ),
            cancellation
        );

    /// <inheritdoc/>
    public async Task<long?> UndrainedCursorAsync(long stream, string sink, CancellationToken cancellation)
    {
        var position = await database.ReadAsync(
            (session, ct) =>
                session.NumberAsync(
                    // Primary keys of both. One statement, so that stream and cursor are seen at the same moment.
                    $"""
                    select coalesce(c.position, 0) from stream s
                      left join relay_cursor c on c.stream = s.id and c.sink = {sink}
                      where s.id = {stream} and s.state <> 3
                    """,
                    -1,
                    ct
                ),
            cancellation
        );
        return position >= 0 ? position : null;
    }

    /// <inheritdoc/>
    public Task MoveCursorAsync(long stream, string sink, long position, CancellationToken cancellation)
    {
        var unlessFurther = database.Dialect.OverwriteOlder(["stream", "sink"], "position", []);
        return database.WriteAsync(
            $"""
            insert into relay_cursor (stream, sink, position)
              values ({stream}, {sink}, {position}){unlessFurther}
            """,
            cancellation
        );
    }

    /// <inheritdoc/>
    public Task MarkDrainedAsync(long stream, CancellationToken cancellation) =>
        database.WriteAsync($"update stream set state = 3 where id = {stream} and state = 2", cancellation);

    /// <inheritdoc/>
    public Task PurgeAsync(CancellationToken cancellation) =>
        database.WriteAsync(
            async (session, ct) =>
            {
                var drained = await session.ListAsync(
                    $"select id from stream where state = 3",
                    row => row.GetInt64(0),
                    ct
                );
                if (drained.Count == 0)
                    return 0;
                return await session.ExecuteAsync(
                    SqlText.Join(
                        "; ",
                        drained
                            .Order()
                            .Select(id =>
                                Statement(
                                    $"""
                                    delete from relay_cursor where stream = {id};
                                    delete from relay_blocked where stream = {id};
                                    delete from stream where id = {id} and state = 3
                                    """
                                )
                            )
                    ),
                    ct
                );
            },
            cancellation
        );

    private static SqlText Statement(SqlText sql) => sql;
}
