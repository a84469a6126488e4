using GroupBuyActors.Committing;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Committing.MySql;

/// <summary>
/// The text of one transaction, sent as one packet: one round trip. Every statement has many rows, sorted by the key
/// they are locked by, so that two lanes cannot deadlock.
/// </summary>
internal sealed class MySqlPacket(TimeProvider time)
{
    private const long DayMs = 24 * 60 * 60 * 1000;

    /// <summary>Selects in one union: each costs the server memory while it plans.</summary>
    private const int SelectsMax = 256;

    private readonly MySqlText _text = new();
    private readonly List<TimedTask> _tasks = [];
    private readonly List<TaskKey> _keys = [];
    private readonly List<TaskOutcome> _ends = [];
    private readonly MySqlOrderStatuses _orderStatuses = new();
    private readonly List<(TaskRun Run, Guid Commit)> _runs = [];

    /// <summary>The whole transaction; commits are numbered before.</summary>
    public string Transaction(List<QueuedCommit> batch, long stream, long lastPosition)
    {
        _text.Clear();
        // An error leaves the previous transaction open; without this, the next `begin` would commit half of it.
        _text.Sql("rollback;begin;");
        FenceCheck(stream, lastPosition);
        Journal(batch, stream);
        Schedules(batch);
        Removals(batch);
        Updates(batch);
        Ends(batch);
        OfKinds(batch);
        Runs(batch);
        return _text.Sql("commit").ToString();
    }

    /// <summary>Whether the stream is alive and the lane's last row is there, as two numbers; autocommitted.</summary>
    public static string FenceState(long stream, long lastPosition) =>
        $"select (select count(*) from stream where id={stream} and state=1),"
        + $"(select count(*) from journal where stream={stream} and position={lastPosition})";

    /// <summary>
    /// Whether the tables of a lane take rows: writes of every kind at keys that no commit has, rolled back, and a look
    /// at the lock of each table that none of them writes.
    /// </summary>
    public static string Probe(long stream) =>
        $"rollback;begin;insert into journal(stream,position,commit_id,time_ms)values({stream},0,repeat('0',16),0);"
        + "insert into timed_task(shard,due_ms,id,type,payload,next_ms,attempts,version)"
        + $"values(-1,0,'{stream}','','',0,0,0);"
        + $"update timed_task set version=1 where shard=-1 and due_ms=0 and id='{stream}';"
        + $"delete from timed_task where shard=-1 and due_ms=0 and id='{stream}';"
        + "delete from order_status_log where false;delete from task_run where false;"
        + "delete from task_outcome where false;rollback";

    /// <summary>
    /// Which of a batch's rows are there already: kind 0 the batch's own first position, 1 an actor's sequence, 2 a
    /// run; with the number of the commit in the batch and the id of the commit that wrote the row. Keys:
    /// journal.PRIMARY, journal_sequence, task_run.PRIMARY.
    /// </summary>
    public string Present(List<QueuedCommit> batch, long stream)
    {
        _text.Clear();
        _text
            .Sql("select 0,0,commit_id from journal where stream=")
            .Number(stream)
            .Sql(" and position=")
            .Number(batch[0].FirstPosition);
        var rows = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch[i].Commit.Events.Count == 0)
                continue;
            _text
                .Sql(rows++ == 0 ? " union all select 1,v.n,j.commit_id from (select " : " union all select ")
                .Number(i)
                .Sql(rows == 1 ? " n," : ",");
            Ascii(batch[i].Commit.Actor.ToString()!)
                .Sql(rows == 1 ? " g," : ",")
                .Number(batch[i].Commit.Events[0].Sequence)
                .Sql(rows == 1 ? " s" : "");
        }
        if (rows > 0)
            _text.Sql(") v straight_join journal j on j.actor_id=v.g and j.sequence=v.s");
        rows = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch[i].Commit.Run is not { } run)
                continue;
            _text
                .Sql(rows++ == 0 ? " union all select 2,v.n,r.commit_id from (select " : " union all select ")
                .Number(i)
                .Sql(rows == 1 ? " n," : ",");
            _text.Number(DayOf(run)).Sql(rows == 1 ? " d," : ",");
            Ascii(run.Key.Id).Sql(rows == 1 ? " i," : ",").Number(run.Version).Sql(rows == 1 ? " r" : "");
        }
        if (rows > 0)
            _text.Sql(") v straight_join task_run r on r.due_day=v.d and r.task_id=v.i and r.version=v.r");
        return _text.ToString();
    }

    /// <summary>The days since 1970 of a run's due, by which runs are purged.</summary>
    public static long DayOf(TaskRun run) => run.Key.Due.ToUnixTimeMilliseconds() / DayMs;

    /// <summary>
    /// Fails with error 1242 (a subquery of two rows where one may stand) unless the stream is alive (the share lock
    /// keeps it alive until the commit) and the lane's last row is there: if it is missing, the database was replaced
    /// by an older copy. An error is the only way to stop a packet in the middle without a stored procedure.
    /// </summary>
    private void FenceCheck(long stream, long lastPosition)
    {
        _text
            .Sql(
                "set @fence=(select 1 from (select 1 union all select 2) two "
                    + "where not exists(select 1 from stream where id="
            )
            .Number(stream)
            .Sql(" and state=1 lock in share mode)");
        if (lastPosition > 0)
            _text
                .Sql(" or not exists(select 1 from journal where stream=")
                .Number(stream)
                .Sql(" and position=")
                .Number(lastPosition)
                .Sql(')');
        _text.Sql(");");
    }

    private void Journal(List<QueuedCommit> batch, long stream)
    {
        _text.Sql(
            "insert into journal(stream,position,commit_id,actor_id,sequence,type,version,time_ms,payload,trace)values"
        );
        foreach (var queued in batch)
        {
            var commit = queued.Commit;
            if (commit.Events.Count == 0)
            {
                JournalKey(queued, stream, 0).Sql(",null,null,'',0,").Instant(time.GetUtcNow()).Sql(",null,null),");
                continue;
            }
            for (var i = 0; i < commit.Events.Count; i++)
            {
                var e = commit.Events[i];
                JournalKey(queued, stream, i)
                    .Sql(',')
                    .Actor(commit.Actor!.Value)
                    .Sql(',')
                    .Number(e.Sequence)
                    .Sql(',')
                    .Text(e.Type)
                    .Sql(',')
                    .Number(e.Version)
                    .Sql(',')
                    .Instant(e.Time)
                    .Sql(',')
                    .Binary(e.Payload.Span)
                    .Sql(',')
                    .TextOrNull(e.Trace)
                    .Sql("),");
            }
        }
        EndOfRows();
    }

    private MySqlText JournalKey(QueuedCommit queued, long stream, int row) =>
        _text.Sql('(').Number(stream).Sql(',').Number(queued.FirstPosition + row).Sql(',').Id(queued.Commit.Id);

    private void Schedules(List<QueuedCommit> batch)
    {
        _tasks.Clear();
        foreach (var queued in batch)
            _tasks.AddRange(queued.Commit.Schedules);
        if (_tasks.Count == 0)
            return;
        _tasks.Sort(static (a, b) => Compare(a.Key, b.Key));
        _text.Sql(
            "insert into timed_task(shard,due_ms,id,type,payload,next_ms,attempts,version,trace,last_error,"
                + "weight,first_ms)values"
        );
        foreach (var task in _tasks)
        {
            _text
                .Sql('(')
                .Number(task.Key.Shard.Index)
                .Sql(',')
                .Instant(task.Key.Due)
                .Sql(',')
                .Text(task.Key.Id)
                .Sql(',')
                .Text(task.Type)
                .Sql(',')
                .Binary(task.Payload.Span)
                .Sql(',')
                .Instant(task.NextAt)
                .Sql(',')
                .Number(task.Attempts)
                .Sql(',')
                .Number(task.Version)
                .Sql(',')
                .TextOrNull(task.Trace)
                .Sql(',')
                .TextOrNull(task.LastError)
                .Sql(',')
                .Number(task.Weight)
                .Sql(',')
                .InstantOrNull(task.FirstDue)
                .Sql("),");
        }
        // Not `insert ignore`, which would also cut what is too long and let it pass.
        _text.Back().Sql(" on duplicate key update version=timed_task.version;");
        Moves();
    }

    /// <summary>Of the tasks just scheduled those that had another due before: later versions than the first.</summary>
    private void Moves()
    {
        var rows = 0;
        foreach (var task in _tasks)
        {
            if (task.Version == 1)
                continue;
            _text
                .Sql(rows++ == 0 ? "insert into task_move(at_ms,id)values" : ",")
                .Sql("(")
                .Sql(Dialect.MySqlNowMs)
                .Sql(',')
                .Text(task.Key.Id)
                .Sql(')');
        }

        if (rows > 0)
            _text.Sql(" on duplicate key update at_ms=task_move.at_ms;");
    }

    /// <summary>
    /// A join that reads the list first and each row by its key: <c>(…) in (…)</c> would scan a small table and lock
    /// all of it.
    /// </summary>
    private void Removals(List<QueuedCommit> batch)
    {
        _keys.Clear();
        foreach (var queued in batch)
            _keys.AddRange(queued.Commit.Removals);
        if (_keys.Count == 0)
            return;
        _keys.Sort(static (a, b) => Compare(a, b));
        for (var i = 0; i < _keys.Count; i++)
        {
            var first = i % SelectsMax == 0;
            if (first)
                _text.Sql("delete t from (");
            Key(_keys[i], first);
            _text.Sql(
                (i + 1) % SelectsMax == 0 || i + 1 == _keys.Count
                    ? ") v straight_join timed_task t on t.shard=v.s and t.due_ms=v.d and t.id=v.i;"
                    : " union all "
            );
        }
    }

    private void Updates(List<QueuedCommit> batch)
    {
        _tasks.Clear();
        foreach (var queued in batch)
            _tasks.AddRange(queued.Commit.Updates);
        if (_tasks.Count == 0)
            return;
        _tasks.Sort(static (a, b) => Compare(a.Key, b.Key));
        for (var i = 0; i < _tasks.Count; i++)
        {
            var first = i % SelectsMax == 0;
            var task = _tasks[i];
            if (first)
                _text.Sql("update (");
            Key(task.Key, first);
            _text
                .Sql(',')
                .Instant(task.NextAt)
                .Sql(first ? " n," : ",")
                .Number(task.Attempts)
                .Sql(first ? " a," : ",")
                .Number(task.Version)
                .Sql(first ? " v," : ",")
                .TextOrNull(task.LastError)
                .Sql(first ? " e," : ",")
                .Number(task.Weight)
                .Sql(first ? " w" : "");
            _text.Sql(
                (i + 1) % SelectsMax == 0 || i + 1 == _tasks.Count
                    ? ") v straight_join timed_task t on t.shard=v.s and t.due_ms=v.d and t.id=v.i and t.version=v.v-1 "
                        + "set t.next_ms=v.n,t.attempts=v.a,t.version=v.v,t.last_error=v.e,t.weight=v.w;"
                    : " union all "
            );
        }
    }

    private void Ends(List<QueuedCommit> batch)
    {
        _ends.Clear();
        foreach (var queued in batch)
            _ends.AddRange(queued.Commit.Ends);
        if (_ends.Count == 0)
            return;
        _ends.Sort(static (a, b) => Compare(a.Key, b.Key));
        _text.Sql(
            "insert into task_outcome(day,task_id,ended_ms,status,type,shard,account,actor_id,due_ms,attempts,version,"
                + "payload,trace,error)values"
        );
        foreach (var end in _ends)
        {
            _text
                .Sql('(')
                .Number(end.Key.Day)
                .Sql(',')
                .Text(end.TaskId)
                .Sql(',')
                .Instant(end.EndedAt)
                .Sql(',')
                .Text(StoredNames<TaskOutcomeStatus>.Of(end.Status))
                .Sql(',')
                .Text(end.Type)
                .Sql(',')
                .Number(end.Shard.Index)
                .Sql(',')
                .NumberOrNull(end.Account)
                .Sql(',')
                .TextOrNull(end.Actor?.ToString())
                .Sql(',')
                .Instant(end.Due)
                .Sql(',')
                .Number(end.Attempts)
                .Sql(',')
                .Number(end.Version)
                .Sql(',')
                .Binary(end.Payload.Span)
                .Sql(',')
                .TextOrNull(end.Trace)
                .Sql(',')
                .TextOrNull(end.Error)
                .Sql("),");
        }
        // As for tasks: `insert ignore` would cut what is too long.
        _text.Back().Sql(" on duplicate key update version=task_outcome.version;");
    }

    private void Key(TaskKey key, bool first)
    {
        _text.Sql("select ").Number(key.Shard.Index).Sql(first ? " s," : ",").Instant(key.Due).Sql(first ? " d," : ",");
        Ascii(key.Id).Sql(first ? " i" : "");
    }

    /// <summary>
    /// A text that is compared with a column of ids: in that column's character set and collation, or its index is not
    /// used.
    /// </summary>
    private MySqlText Ascii(string text) => _text.Sql("_ascii").Text(text).Sql(" collate ascii_bin");

    private void OfKinds(List<QueuedCommit> batch)
    {
        foreach (var queued in batch)
        {
            var rows = queued.Commit.Rows;
            for (var i = 0; i < rows.Count; i++)
                _orderStatuses.Add(rows[i]);
        }

        _orderStatuses.Write(_text);
    }

    private void Runs(List<QueuedCommit> batch)
    {
        _runs.Clear();
        foreach (var queued in batch)
            if (queued.Commit.Run is { } run)
                _runs.Add((run, queued.Commit.Id));
        if (_runs.Count == 0)
            return;
        _runs.Sort(static (a, b) => Compare(a.Run, b.Run));
        _text.Sql("insert into task_run(due_day,task_id,version,commit_id)values");
        foreach (var (run, commit) in _runs)
            _text
                .Sql('(')
                .Number(DayOf(run))
                .Sql(',')
                .Text(run.Key.Id)
                .Sql(',')
                .Number(run.Version)
                .Sql(',')
                .Id(commit)
                .Sql("),");
        EndOfRows();
    }

    private void EndOfRows() => _text.Back().Sql(';');

    private static int Compare(TaskKey a, TaskKey b)
    {
        if (a.Shard != b.Shard)
            return a.Shard.Index.CompareTo(b.Shard.Index);
        return a.Due != b.Due ? a.Due.CompareTo(b.Due) : string.CompareOrdinal(a.Id, b.Id);
    }

    /// <summary>By partition, then by the primary key.</summary>
    private static int Compare(TaskOutcomeKey a, TaskOutcomeKey b)
    {
        if (a.Day != b.Day)
            return a.Day.CompareTo(b.Day);
        var ids = string.CompareOrdinal(a.TaskId, b.TaskId);
        return ids != 0 ? ids : a.Version.CompareTo(b.Version);
    }

    private static int Compare(TaskRun a, TaskRun b)
    {
        var days = DayOf(a).CompareTo(DayOf(b));
        if (days != 0)
            return days;
        var ids = string.CompareOrdinal(a.Key.Id, b.Key.Id);
        return ids != 0 ? ids : a.Version.CompareTo(b.Version);
    }
}
