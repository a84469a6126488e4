using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Committing.MySql;

/// <summary>
/// The rows of a packet that belong to tasks: scheduled, removed, updated for another try, and ended.
/// </summary>
internal sealed class MySqlTaskRows
{
    /// <summary>
    /// The largest number of selects in one union: each uses memory of the server while it plans the statement.
    /// </summary>
    private const int SelectsMax = 256;

    private readonly List<TimedTask> _tasks = [];
    private readonly List<TaskKey> _keys = [];
    private readonly List<TaskOutcome> _outcomes = [];

    /// <summary>Writes the rows of a batch, each kind sorted by the key that locks it.</summary>
    public void Write(MySqlText text, List<QueuedCommit> batch)
    {
        Schedules(text, batch);
        Removals(text, batch);
        Updates(text, batch);
        Outcomes(text, batch);
    }

    private void Schedules(MySqlText text, List<QueuedCommit> batch)
    {
        _tasks.Clear();
        foreach (var queued in batch)
            _tasks.AddRange(queued.Commit.Schedules);
        if (_tasks.Count == 0)
            return;
        _tasks.Sort(static (a, b) => Compare(a.Key, b.Key));
        text.Sql(
            "insert into timed_task(shard,due_ms,id,type,payload,next_ms,attempts,version,trace,last_error,"
                + "weight,first_ms)values"
        );
        foreach (var task in _tasks)
        {
            text.Sql('(')
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
        // Not `insert ignore`, which would also truncate values that are too long.
        text.Back().Sql(" on duplicate key update version=timed_task.version;");
        Moves(text);
    }

    /// <summary>
    /// Records the moves: scheduled tasks that had another due time before, which have a version above 1.
    /// </summary>
    private void Moves(MySqlText text)
    {
        var rows = 0;
        foreach (var task in _tasks)
        {
            if (task.Version == 1)
                continue;
            text.Sql(rows++ == 0 ? "insert into task_move(at_ms,id)values" : ",")
                .Sql("(")
                .Sql(Dialect.MySqlNowMs)
                .Sql(',')
                .Text(task.Key.Id)
                .Sql(')');
        }

        if (rows > 0)
            text.Sql(" on duplicate key update at_ms=task_move.at_ms;");
    }

    /// <summary>
    /// A join that reads the list first and then each row by its key: <c>(…) in (…)</c> would scan a small table and
    /// lock all of it.
    /// </summary>
    private void Removals(MySqlText text, List<QueuedCommit> batch)
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
                text.Sql("delete t from (");
            Key(text, _keys[i], first);
            text.Sql(
                (i + 1) % SelectsMax == 0 || i + 1 == _keys.Count
                    ? ") v straight_join timed_task t on t.shard=v.s and t.due_ms=v.d and t.id=v.i;"
                    : " union all "
            );
        }
    }

    private void Updates(MySqlText text, List<QueuedCommit> batch)
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
                text.Sql("update (");
            Key(text, task.Key, first);
            text.Sql(',')
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
            text.Sql(
                (i + 1) % SelectsMax == 0 || i + 1 == _tasks.Count
                    ? ") v straight_join timed_task t on t.shard=v.s and t.due_ms=v.d and t.id=v.i and t.version=v.v-1 "
                        + "set t.next_ms=v.n,t.attempts=v.a,t.version=v.v,t.last_error=v.e,t.weight=v.w;"
                    : " union all "
            );
        }
    }

    private void Outcomes(MySqlText text, List<QueuedCommit> batch)
    {
        _outcomes.Clear();
        foreach (var queued in batch)
            _outcomes.AddRange(queued.Commit.Outcomes);
        if (_outcomes.Count == 0)
            return;
        _outcomes.Sort(static (a, b) => Compare(a.Key, b.Key));
        text.Sql(
            "insert into task_outcome(day,task_id,ended_ms,status,type,shard,account,actor_id,due_ms,attempts,version,"
                + "payload,trace,error)values"
        );
        foreach (var outcome in _outcomes)
        {
            text.Sql('(')
                .Number(outcome.Key.Day)
                .Sql(',')
                .Text(outcome.TaskId)
                .Sql(',')
                .Instant(outcome.EndedAt)
                .Sql(',')
                .Text(StoredNames<TaskOutcomeStatus>.Of(outcome.Status))
                .Sql(',')
                .Text(outcome.Type)
                .Sql(',')
                .Number(outcome.Shard.Index)
                .Sql(',')
                .NumberOrNull(outcome.Account)
                .Sql(',')
                .TextOrNull(outcome.Actor?.ToString())
                .Sql(',')
                .Instant(outcome.Due)
                .Sql(',')
                .Number(outcome.Attempts)
                .Sql(',')
                .Number(outcome.Version)
                .Sql(',')
                .Binary(outcome.Payload.Span)
                .Sql(',')
                .TextOrNull(outcome.Trace)
                .Sql(',')
                .TextOrNull(outcome.Error)
                .Sql("),");
        }
        // As for tasks: `insert ignore` would truncate values that are too long.
        text.Back().Sql(" on duplicate key update version=task_outcome.version;");
    }

    private static void Key(MySqlText text, TaskKey key, bool first)
    {
        text.Sql("select ").Number(key.Shard.Index).Sql(first ? " s," : ",").Instant(key.Due).Sql(first ? " d," : ",");
        text.Ascii(key.Id).Sql(first ? " i" : "");
    }

    private static int Compare(TaskKey a, TaskKey b)
    {
        if (a.Shard != b.Shard)
            return a.Shard.Index.CompareTo(b.Shard.Index);
        return a.Due != b.Due ? a.Due.CompareTo(b.Due) : string.CompareOrdinal(a.Id, b.Id);
    }

    /// <summary>Orders by partition, then by the primary key.</summary>
    private static int Compare(TaskOutcomeKey a, TaskOutcomeKey b)
    {
        if (a.Day != b.Day)
            return a.Day.CompareTo(b.Day);
        var ids = string.CompareOrdinal(a.TaskId, b.TaskId);
        return ids != 0 ? ids : a.Version.CompareTo(b.Version);
    }
}
