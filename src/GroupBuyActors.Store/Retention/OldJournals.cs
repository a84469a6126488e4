using GroupBuyActors.Groups;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Store.Retention;

/// <summary>
/// Removes the events of ended groups. The caller decides that a group has ended, writes its last snapshot, and passes
/// the head: the event of that sequence stays, so that the database still refuses commits of a stale activation.
/// </summary>
internal sealed class OldJournals(Database database, OldActors actors)
{
    private const int ValuesMax = 500;
    private static readonly Raw s_alone = new("not exists"),
        s_followed = new("exists");

    // The id of a group's actor is its kind, a colon and the group's id.
    private static readonly Raw s_isGroup = new($"like '{GroupActors.Kind}:%'");
    private static readonly Raw s_groupOfActor = new($"substr(j.actor_id, {GroupActors.Kind.Length + 2})");

    /// <summary>
    /// Scans at most <paramref name="limit"/> rows after a position. Returns their groups that ended before an instant
    /// by the lists, or are in no list, and that have more than one stored event (or exactly one, if
    /// <paramref name="isAlone"/>); and where to continue, null at the end.
    /// </summary>
    // Primary key (stream, position); for each row one lookup in journal_sequence and one in the primary key of
    // group_view.
    public async Task<(IReadOnlyList<GroupId> Groups, JournalPosition? Next)> ScanAsync(
        JournalPosition? after,
        DateTimeOffset before,
        bool isAlone,
        int limit,
        CancellationToken cancellation
    )
    {
        var place = after ?? await NextStreamAsync(long.MinValue, cancellation).ConfigureAwait(false);
        if (place is not { } start)
            return ([], null);
        var rows = await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        ScanRange(start, before, isAlone, limit),
                        row =>
                            (
                                Position: row.GetInt64(0),
                                Group: row.Text(1),
                                IsRecent: row.GetInt64(2) >= Ms(before),
                                IsCandidate: row.GetInt32(3) == 1
                            ),
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
        // Rows of a stream are in order of time, except for differences between clocks: if all rows read are too
        // recent, the later ones are too.
        var old = rows.Where(row => !row.IsRecent).ToList();
        var groups = old.Where(row => row.IsCandidate)
            .Select(row => row.Group!)
            .Distinct(StringComparer.Ordinal)
            .Select(text => ActorId.Parse(text).Group!.Value)
            .ToList();
        var next =
            rows.Count == limit && old.Count > 0
                ? start with
                {
                    Position = rows[^1].Position,
                }
                : await NextStreamAsync(start.Stream, cancellation).ConfigureAwait(false);
        return (groups, next);
    }

    /// <summary>
    /// Reads at most <paramref name="limit"/> rows of a group's order status log and removes those that have a later
    /// row of the same order; returns where to continue, null at the end.
    /// </summary>
    // Primary key (order_id, sequence), as in OrdersOf.
    public Task<(int Removed, (string Order, long Sequence)? Next)> RemoveStatusesAsync(
        GroupId group,
        (string Order, long Sequence)? after,
        int limit,
        CancellationToken cancellation
    ) =>
        database.WriteAsync(
            async (session, ct) =>
            {
                SqlText from = $"order_id >= {group.Value + "."}";
                if (after is var (order, sequence))
                    from = $"order_id >= {order} and (order_id > {order} or sequence > {sequence})";
                var rows = await session
                    .ListAsync(
                        $"""
                        select order_id, sequence from order_status_log where {from}
                          and order_id < {group.Value + "/"} order by order_id, sequence limit {limit + 1}
                        """,
                        row => (Order: row.GetString(0), Sequence: row.GetInt64(1)),
                        ct
                    )
                    .ConfigureAwait(false);
                var overtaken = rows.Zip(rows.Skip(1))
                    .Where(pair => pair.First.Order == pair.Second.Order)
                    .Select(pair => pair.First)
                    .ToList();
                foreach (var some in overtaken.Chunk(ValuesMax))
                    await session
                        .ExecuteAsync(
                            SqlText.Join(
                                "; ",
                                some.Select(row =>
                                    (SqlText)
                                        $"""
                                            delete from order_status_log
                                              where order_id = {OrderId.Parse(row.Order)} and sequence = {row.Sequence}
                                            """
                                )
                            ),
                            ct
                        )
                        .ConfigureAwait(false);
                return (overtaken.Count, rows.Count <= limit ? ((string, long)?)null : rows[limit - 1]);
            },
            cancellation
        );

    /// <summary>
    /// Removes a bounded part of the rows of an ended group: first payments and statuses, then everything else in one
    /// transaction. Null if the group must stay: there is an event after <paramref name="head"/>, a sink has not passed
    /// it, or its money or stock is not in its merchant's totals yet. True when nothing is left.
    /// </summary>
    public async Task<bool?> RemoveGroupAsync(
        GroupId group,
        long head,
        IReadOnlyCollection<string> sinks,
        int limit,
        CancellationToken cancellation
    )
    {
        if (!await IsRemovableAsync(group, head, sinks, cancellation).ConfigureAwait(false))
            return null;
        // Primary keys of both, a range.
        if (
            await DeleteOrdersAsync("payment_book", "payment_id", group, limit, cancellation).ConfigureAwait(false)
            == limit
        )
            return false;
        if (
            await DeleteOrdersAsync("order_status_log", "sequence", group, limit, cancellation).ConfigureAwait(false)
            == limit
        )
            return false;
        return await actors
            .RemoveAsync(
                group.Actor,
                head,
                $"; delete from group_terms where group_id = {group}; delete from group_view where group_id = {group}",
                cancellation
            )
            .ConfigureAwait(false);
    }

    private async Task<bool> IsRemovableAsync(
        GroupId group,
        long head,
        IReadOnlyCollection<string> sinks,
        CancellationToken cancellation
    ) =>
        await actors.HasPassedAsync(group.Actor, head, sinks, cancellation).ConfigureAwait(false)
        && await database
            .ReadAsync(
                (session, ct) =>
                    session.NumberAsync(
                        $"""
                        select (select count(*) from payment_book where {OrdersOf(group)} and is_live = 1)
                          + (select count(*) from group_view where group_id = {group} and is_live = 1)
                        """,
                        0,
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false) == 0;

    private Task<int> DeleteOrdersAsync(
        string table,
        string second,
        GroupId group,
        int limit,
        CancellationToken cancellation
    ) =>
        database.WriteAsync(
            (session, ct) =>
                session.ExecuteAsync(
                    database.Dialect.DeleteSome(table, ["order_id", second], OrdersOf(group), limit),
                    ct
                ),
            cancellation
        );

    // A group's orders begin with the group and a dot. The slash is the character after the dot.
    private static SqlText OrdersOf(GroupId group) =>
        $"order_id >= {group.Value + "."} and order_id < {group.Value + "/"}";

    private static SqlText ScanRange(JournalPosition from, DateTimeOffset before, bool isAlone, int limit)
    {
        SqlText expired = $"v.state = {StoredNames.Of(GroupPhase.Expired)} and v.updated_ms < {Ms(before)}";
        SqlText others = $"(select 1 from journal o where o.actor_id = j.actor_id and o.sequence <> j.sequence)";
        return $"""
            select j.position, j.actor_id, j.time_ms,
                case when j.actor_id {s_isGroup} and (v.state is null or ({expired}))
                  and {(isAlone ? s_alone : s_followed)} {others} then 1 else 0 end
              from journal j left join group_view v on v.group_id = {s_groupOfActor}
              where j.stream = {from.Stream} and j.position > {from.Position} order by j.position limit {limit}
            """;
    }

    // Primary key: one lookup per stream.
    private Task<JournalPosition?> NextStreamAsync(long after, CancellationToken cancellation) =>
        database.ReadAsync(
            async (session, ct) =>
                (
                    await session
                        .ListAsync(
                            $"select stream from journal where stream > {after} order by stream limit 1",
                            row => (JournalPosition?)new JournalPosition(row.GetInt64(0), 0),
                            ct
                        )
                        .ConfigureAwait(false)
                ).FirstOrDefault(),
            cancellation
        );

    private static long Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds();
}
