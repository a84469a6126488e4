using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Retention;

/// <summary>
/// Removes expired rows, a bounded number in one short transaction. Each kind is found by a key or from the start of
/// one, never by reading a whole table in one statement. Safe to repeat and to run on several silos at the same time.
/// </summary>
internal sealed class OldRows(Database database)
{
    /// <summary>Values in one list: MariaDB converts longer lists to a join that reads the table.</summary>
    private const int ValuesMax = 500;

    private const long DayMs = 86_400_000;

    /// <summary>Runs of tasks that were due before: none of them can be running any more.</summary>
    // Primary key (due_day, task_id, version), from its start.
    public Task<PurgeStep> TaskRunsAsync(DateTimeOffset before, int limit, CancellationToken cancellation) =>
        DeleteAsync(
            "task_run",
            ["due_day", "task_id", "version"],
            $"due_day < {Ms(before) / DayMs}",
            limit,
            cancellation
        );

    /// <summary>
    /// Moves of tasks older than <paramref name="kept"/> by the database's clock, which no open list still needs.
    /// </summary>
    // Primary key (at_ms, id), from its start.
    public Task<PurgeStep> TaskMovesAsync(TimeSpan kept, int limit, CancellationToken cancellation) =>
        DeleteAsync(
            "task_move",
            ["at_ms", "id"],
            $"at_ms < {database.Dialect.NowMs} - {(long)kept.TotalMilliseconds}",
            limit,
            cancellation
        );

    /// <summary>
    /// Rows of the journal without an actor (commits that only change tasks) that were written before, once all of
    /// these sinks have passed them. A stream's last row stays as long as the stream, because its lane checks it to see
    /// that nothing was lost.
    /// </summary>
    public async Task<PurgeStep> CommitsAsync(
        DateTimeOffset before,
        IReadOnlyCollection<string> sinks,
        int limit,
        CancellationToken cancellation
    )
    {
        // One stream per step; streams whose first such row is too recent, or not passed yet, cost one query each.
        for (long? stream = long.MinValue; ; )
        {
            stream = await NextStreamAsync(stream.Value, cancellation).ConfigureAwait(false);
            if (stream is not { } found)
                return new PurgeStep(0, true);
            var positions = await RemovableAsync(found, before, sinks, limit, cancellation).ConfigureAwait(false);
            if (positions.Count == 0)
                continue;
            await DeleteRowsAsync(found, positions, cancellation).ConfigureAwait(false);
            return new PurgeStep(positions.Count, false);
        }
    }

    /// <summary>Entries of the audit log.</summary>
    // Primary key: entries are written in order of time, so the oldest are at its start.
    public Task<PurgeStep> AuditAsync(DateTimeOffset before, int limit, CancellationToken cancellation) =>
        database.WriteAsync(
            async (session, ct) =>
            {
                var ids = await session
                    .ListAsync(
                        $"select id, time_ms from audit_log order by id limit {limit}",
                        row => (Id: row.GetInt64(0), Time: row.GetInt64(1)),
                        ct
                    )
                    .ConfigureAwait(false);
                var old = ids.TakeWhile(row => row.Time < Ms(before)).ToList();
                if (old.Count > 0)
                    await session
                        .ExecuteAsync($"delete from audit_log where id <= {old[^1].Id} and time_ms < {Ms(before)}", ct)
                        .ConfigureAwait(false);
                return new PurgeStep(old.Count, old.Count < limit);
            },
            cancellation
        );

    // Index journal_sequence: rows without an actor are adjacent in it, by stream and position.
    private Task<long?> NextStreamAsync(long after, CancellationToken cancellation) =>
        database.ReadAsync(
            async (session, ct) =>
                (
                    await session
                        .ListAsync(
                            $"""
                            select stream from journal{ByGroup} where actor_id is null and sequence is null
                              and stream > {after} order by stream, position limit 1
                            """,
                            row => (long?)row.GetInt64(0),
                            ct
                        )
                        .ConfigureAwait(false)
                ).FirstOrDefault(),
            cancellation
        );

    private Task<List<long>> RemovableAsync(
        long stream,
        DateTimeOffset before,
        IReadOnlyCollection<string> sinks,
        int limit,
        CancellationToken cancellation
    ) =>
        database.ReadAsync(
            async (session, ct) =>
            {
                var passed = await StreamEdge.PassedAsync(session, stream, sinks, ct).ConfigureAwait(false);
                var rows = await session
                    .ListAsync(
                        $"""
                        select position, time_ms from journal{ByGroup} where actor_id is null
                          and sequence is null and stream = {stream} and position <= {passed} order by position
                          limit {limit}
                        """,
                        row => (Position: row.GetInt64(0), Time: row.GetInt64(1)),
                        ct
                    )
                    .ConfigureAwait(false);
                return rows.TakeWhile(row => row.Time < Ms(before)).Select(row => row.Position).ToList();
            },
            cancellation
        );

    // Primary key (stream, position).
    private Task DeleteRowsAsync(long stream, List<long> positions, CancellationToken cancellation) =>
        database.WriteAsync(
            SqlText.Join(
                "; ",
                positions
                    .Chunk(ValuesMax)
                    .Select(some =>
                        (SqlText)
                            $"""
                                delete from journal where stream = {stream}
                                  and position in ({new Raw(string.Join(',', some))}) and actor_id is null
                                """
                    )
            ),
            cancellation
        );

    private async Task<PurgeStep> DeleteAsync(
        string table,
        string[] key,
        SqlText condition,
        int limit,
        CancellationToken cancellation
    )
    {
        var removed = await database
            .WriteAsync(
                (session, ct) => session.ExecuteAsync(database.Dialect.DeleteSome(table, key, condition, limit), ct),
                cancellation
            )
            .ConfigureAwait(false);
        return new PurgeStep(removed, removed < limit);
    }

    private Raw ByGroup => database is MySqlDatabase ? database.Dialect.ByIndex("journal_sequence") : new Raw("");

    private static long Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds();
}
