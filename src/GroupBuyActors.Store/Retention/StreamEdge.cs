using GroupBuyActors.Store.Databases;
using GroupBuyActors.Streams;

namespace GroupBuyActors.Store.Retention;

/// <summary>The position up to which a stream's rows are not needed any more.</summary>
internal static class StreamEdge
{
    /// <summary>
    /// The last position that every sink has passed and that is not the stream's last; all positions of a removed
    /// stream. The last row stays, however old, because a lane checks in each transaction that its last row is stored.
    /// </summary>
    // Primary keys.
    public static async Task<long> PassedAsync(
        DbSession session,
        long stream,
        IReadOnlyCollection<string> sinks,
        CancellationToken cancellation
    )
    {
        var states = await session
            .ListAsync(
                $"select state from stream where id = {stream}",
                row => (StreamState)row.GetInt32(0),
                cancellation
            )
            .ConfigureAwait(false);
        if (states.Count == 0)
            return long.MaxValue;
        var last = await session
            .NumberAsync($"select max(position) from journal where stream = {stream}", 0, cancellation)
            .ConfigureAwait(false);
        if (states[0] == StreamState.Drained)
            return last - 1;
        var cursors = await session
            .ListAsync(
                $"select sink, position from relay_cursor where stream = {stream}",
                row => (Sink: row.GetString(0), Position: row.GetInt64(1)),
                cancellation
            )
            .ConfigureAwait(false);
        var passed = sinks
            .Select(sink => cursors.FirstOrDefault(cursor => cursor.Sink == sink).Position)
            .DefaultIfEmpty(0)
            .Min();
        return Math.Min(passed, last - 1);
    }
}
