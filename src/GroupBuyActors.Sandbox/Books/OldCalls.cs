using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Retention;

namespace GroupBuyActors.Sandbox.Books;

/// <summary>
/// Removes expired counted calls. There is no index by time, so a pass reads all of them by the primary key (port,
/// call_key, operation), a page in one short transaction.
/// </summary>
internal sealed class OldCalls(SandboxDatabase books)
{
    /// <summary>Statements in one text.</summary>
    private const int StatementsMax = 500;

    private CallKey? _after;

    /// <summary>Processes the next page; done at the end of the table.</summary>
    public async Task<PurgeStep> RemoveAsync(DateTimeOffset before, int limit, CancellationToken cancellation)
    {
        var database = await books.ReadyAsync().ConfigureAwait(false);
        var (beforeMs, after) = (before.ToUnixTimeMilliseconds(), _after);
        var (step, last) = await database
            .WriteAsync((session, ct) => RemovePageAsync(session, beforeMs, after, limit, ct), cancellation)
            .ConfigureAwait(false);
        _after = last;
        return step;
    }

    private static async Task<(PurgeStep Step, CallKey? Last)> RemovePageAsync(
        DbSession session,
        long beforeMs,
        CallKey? after,
        int limit,
        CancellationToken cancellation
    )
    {
        var rows = await session
            .ListAsync(
                $"""
                select port, call_key, operation, last_ms from sandbox_call{From(after)}
                  order by port, call_key, operation limit {limit}
                """,
                row => (Key: new CallKey(row.GetInt32(0), row.Bytes(1), row.GetString(2)), LastMs: row.GetInt64(3)),
                cancellation
            )
            .ConfigureAwait(false);
        var old = rows.Where(row => row.LastMs < beforeMs).Select(row => row.Key).ToList();
        foreach (var some in old.Chunk(StatementsMax))
            await session
                .ExecuteAsync(SqlText.Join("; ", some.Select(key => Delete(key, beforeMs))), cancellation)
                .ConfigureAwait(false);
        var isDone = rows.Count < limit;
        return (new PurgeStep(old.Count, isDone), isDone ? null : rows[^1].Key);
    }

    private static SqlText From(CallKey? after)
    {
        if (after is not { } last)
            return $"";
        return $"""
             where port >= {last.Port} and (port > {last.Port} or call_key > {last.Key}
               or (call_key = {last.Key} and operation > {last.Operation}))
            """;
    }

    // A call that was counted again meanwhile stays.
    private static SqlText Delete(CallKey key, long beforeMs) =>
        $"""
            delete from sandbox_call where port = {key.Port} and call_key = {key.Key}
              and operation = {key.Operation} and last_ms < {beforeMs}
            """;

    private sealed record CallKey(int Port, byte[] Key, string Operation);
}
