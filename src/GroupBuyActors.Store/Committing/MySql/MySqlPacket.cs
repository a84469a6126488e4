using GroupBuyActors.Committing;

namespace GroupBuyActors.Store.Committing.MySql;

/// <summary>
/// The text of one transaction, sent as one packet in one round trip. Each statement writes many rows, sorted by the
/// key that locks them, so that two lanes cannot deadlock.
/// </summary>
internal sealed class MySqlPacket(TimeProvider time)
{
    private const long DayMs = 24 * 60 * 60 * 1000;

    private readonly MySqlText _text = new();
    private readonly MySqlTaskRows _tasks = new();
    private readonly MySqlOrderStatuses _orderStatuses = new();
    private readonly List<(TaskRun Run, Guid Commit)> _runs = [];

    /// <summary>The whole transaction; the commits must have positions.</summary>
    public string Transaction(List<QueuedCommit> batch, long stream, long lastPosition)
    {
        _text.Clear();
        // An error leaves the previous transaction open; without this, the next `begin` would commit half of it.
        _text.Sql("rollback;begin;");
        FenceCheck(stream, lastPosition);
        Journal(batch, stream);
        _tasks.Write(_text, batch);
        KindRows(batch);
        Runs(batch);
        return _text.Sql("commit").ToString();
    }

    /// <summary>
    /// Selects, as two numbers, whether the stream is alive and whether the lane's last row is stored; autocommitted.
    /// </summary>
    public static string FenceState(long stream, long lastPosition) =>
        $"select (select count(*) from stream where id={stream} and state=1),"
        + $"(select count(*) from journal where stream={stream} and position={lastPosition})";

    /// <summary>
    /// Tests whether the tables of a lane accept rows: writes of every kind with keys that no commit has, rolled back,
    /// and statements that only take the lock of the other tables.
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
    /// Selects which of a batch's rows are stored already: kind 0 the batch's first position, 1 an actor's sequence, 2
    /// a task run; with the commit's number in the batch and the id of the commit that wrote the row. Keys:
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
            _text
                .Ascii(batch[i].Commit.Actor.ToString()!)
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
            _text.Ascii(run.Key.Id).Sql(rows == 1 ? " i," : ",").Number(run.Version).Sql(rows == 1 ? " r" : "");
        }
        if (rows > 0)
            _text.Sql(") v straight_join task_run r on r.due_day=v.d and r.task_id=v.i and r.version=v.r");
        return _text.ToString();
    }

    /// <summary>Days since 1970 of the run's due time; runs are purged by it.</summary>
    public static long DayOf(TaskRun run) => run.Key.Due.ToUnixTimeMilliseconds() / DayMs;

    /// <summary>
    /// Fails with error 1242 (a subquery of two rows where one is allowed) unless the stream is alive (the share lock
    /// keeps it alive until the commit) and the lane's last row is stored: if it is missing, the database was replaced
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

    private void KindRows(List<QueuedCommit> batch)
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

    private static int Compare(TaskRun a, TaskRun b)
    {
        var days = DayOf(a).CompareTo(DayOf(b));
        if (days != 0)
            return days;
        var ids = string.CompareOrdinal(a.Key.Id, b.Key.Id);
        return ids != 0 ? ids : a.Version.CompareTo(b.Version);
    }
}
