using GroupBuyActors.Store.Databases;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>
/// Pending tasks of all shards, the latest due first: a merge of the ends of the shards, without an index on the due
/// time alone (every commit would pay for it). A shard's last due time is one lookup in the key. Only shards that can
/// hold the next row are read, a few rows each, and more if those do not suffice. Rows before the page token are left
/// out.
/// </summary>
internal sealed class LatestTasks
{
    private const int RowsPerStepMin = 4;

    private readonly DbSession _session;
    private readonly Dialect _dialect;
    private readonly List<Tail> _tails;
    private List<TimedTask> _read = [];

    private LatestTasks(DbSession session, Dialect dialect, List<Tail> tails)
    {
        _session = session;
        _dialect = dialect;
        _tails = tails;
    }

    /// <summary>Rows read from the database so far.</summary>
    public int RowsRead { get; private set; }

    // Primary key (shard, due_ms, id), as a loose index scan: one lookup per shard.
    public static async Task<LatestTasks> OpenAsync(
        DbSession session,
        Dialect dialect,
        (long Due, string Id)? pageToken,
        CancellationToken cancellation
    )
    {
        var tails = await session
            .ListAsync(
                $"""
                select shard, max(due_ms) from timed_task where due_ms <= {pageToken?.Due ?? long.MaxValue}
                  group by shard
                """,
                row => new Tail(row.GetInt32(0), row.GetInt64(1)),
                cancellation
            )
            .ConfigureAwait(false);
        foreach (var tail in tails)
            if (tail.Due == pageToken?.Due)
                tail.BeforeId = pageToken?.Id;
        return new LatestTasks(session, dialect, tails);
    }

    /// <summary>The next rows in order; fewer at the end.</summary>
    public async Task<IReadOnlyList<TimedTask>> TakeAsync(int count, CancellationToken cancellation)
    {
        while (Wanted(count) is { Count: > 0 } wanted)
            await ReadAsync(wanted, Math.Max(RowsPerStepMin, 2 * count / wanted.Count), cancellation)
                .ConfigureAwait(false);
        var taken = _read.Take(count).ToList();
        _read = _read.Skip(count).ToList();
        return taken;
    }

    /// <summary>
    /// The shards that may have a row that belongs before the last of the next <paramref name="count"/> rows read so
    /// far.
    /// </summary>
    private List<Tail> Wanted(int count)
    {
        var last = _read.Count < count ? null : _read[count - 1];
        return _tails
            .Where(tail => !tail.Ended && (last is null || tail.MayHoldBefore(last)))
            .OrderByDescending(tail => tail.Due)
            .Take(count)
            .ToList();
    }

    // Primary key (shard, due_ms, id), backwards from the shard's last row read.
    private async Task ReadAsync(List<Tail> wanted, int rowsEach, CancellationToken cancellation)
    {
        var rows = await _session
            .ListAllAsync(_dialect.Combine(wanted.Select(tail => tail.Next(rowsEach))), TaskRows.Read, cancellation)
            .ConfigureAwait(false);
        RowsRead += rows.Count;
        rows.Sort(InOrder);
        var byShard = rows.ToLookup(task => task.Key.Shard.Index);
        foreach (var tail in wanted)
            tail.Follow(byShard[tail.Shard].ToList(), rowsEach);
        _read.AddRange(rows);
        _read.Sort(InOrder);
    }

    private static int InOrder(TimedTask a, TimedTask b) => Compare(a, b.Key.Due.ToUnixTimeMilliseconds(), b.Key.Id);

    /// <summary>Below 0: the task is before that position in the list.</summary>
    private static int Compare(TimedTask task, long due, string id)
    {
        var dues = due.CompareTo(task.Key.Due.ToUnixTimeMilliseconds());
        return dues != 0 ? dues : string.CompareOrdinal(id, task.Key.Id);
    }

    /// <summary>The unread rows of a shard: those up to a due time, and of that time those before an id.</summary>
    private sealed class Tail(int shard, long due)
    {
        public int Shard => shard;

        public long Due { get; private set; } = due;

        public string? BeforeId { get; set; }

        public bool Ended { get; private set; }

        public bool MayHoldBefore(TimedTask task) =>
            BeforeId is null ? Due >= task.Key.Due.ToUnixTimeMilliseconds() : Compare(task, Due, BeforeId) > 0;

        public SqlText Next(int rows)
        {
            SqlText before = $"";
            if (BeforeId is { } id)
                before = $" and (due_ms < {Due} or id < {id})";
            return new SqlText().Append(
                $"""
                select {TaskRows.Columns} from timed_task where shard = {shard} and due_ms <= {Due}{before}
                  order by due_ms desc, id desc limit {rows}
                """
            );
        }

        public void Follow(List<TimedTask> rows, int asked)
        {
            Ended = rows.Count < asked;
            if (rows.Count > 0)
                (Due, BeforeId) = (rows[^1].Key.Due.ToUnixTimeMilliseconds(), rows[^1].Key.Id);
        }
    }
}
