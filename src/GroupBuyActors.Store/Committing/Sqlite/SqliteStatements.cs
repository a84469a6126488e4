using System.Globalization;
using GroupBuyActors.Groups;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Tasks;
using Microsoft.Data.Sqlite;

namespace GroupBuyActors.Store.Committing.Sqlite;

/// <summary>A statement that is prepared once; its parameters are set by position.</summary>
internal sealed class SqliteStatement : IDisposable
{
    private readonly SqliteCommand _command;

    /// <param name="connection">The connection that runs it.</param>
    /// <param name="sql">With parameters ?1, ?2 and so on.</param> <param name="parameters">The number of
    /// parameters.</param>
    public SqliteStatement(SqliteConnection connection, string sql, int parameters = 0)
    {
        _command = connection.CreateCommand();
        _command.CommandText = sql;
        for (var i = 1; i <= parameters; i++)
            _command.Parameters.Add(new SqliteParameter("?" + i.ToString(CultureInfo.InvariantCulture), DBNull.Value));
        _command.Prepare();
    }

    public void Run(params ReadOnlySpan<object?> values)
    {
        Bind(values);
        _command.ExecuteNonQuery();
    }

    public object? Scalar(params ReadOnlySpan<object?> values)
    {
        Bind(values);
        return _command.ExecuteScalar();
    }

    public void Dispose() => _command.Dispose();

    private void Bind(ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
            _command.Parameters[i].Value = values[i] ?? DBNull.Value;
    }
}

/// <summary>The statements of a commit. Each writes or finds its row by the table's primary key.</summary>
internal sealed class SqliteStatements : IDisposable
{
    private const long DayMs = 24 * 60 * 60 * 1000;
    private readonly SqliteStatement _journal;
    private readonly SqliteStatement _schedule;
    private readonly SqliteStatement _move;
    private readonly SqliteStatement _remove;
    private readonly SqliteStatement _update;
    private readonly SqliteStatement _outcome;
    private readonly SqliteStatement _status;
    private readonly SqliteStatement _run;

    public SqliteStatements(SqliteConnection connection)
    {
        Begin = new(connection, "begin immediate");
        Savepoint = new(connection, "savepoint one");
        Release = new(connection, "release one");
        RollbackOne = new(connection, "rollback to one");
        Commit = new(connection, "commit");
        Probe = new(connection, "replace into store_probe (id, at_ms) values (1, ?1)", 1);
        IsAlive = new(connection, "select count(*) from stream where id = ?1 and state = 1", 1);
        CommitAt = new(connection, "select commit_id from journal where stream = ?1 and position = ?2", 2);
        _journal = new(
            connection,
            """
            insert into journal (stream, position, commit_id, actor_id, sequence, type, version, time_ms, payload,
              trace)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            """,
            10
        );
        _schedule = new(
            connection,
            """
            insert into timed_task (shard, due_ms, id, type, payload, next_ms, attempts, version, trace, last_error,
              weight, first_ms)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) on conflict (shard, due_ms, id) do nothing
            """,
            12
        );
        // Only for a task that had another due time before, which has a version above 1.
        _move = new(
            connection,
            $"insert into task_move (at_ms, id) values ({Dialect.SqliteNowMs}, ?1) on conflict (at_ms, id) do nothing",
            1
        );
        _remove = new(connection, "delete from timed_task where shard = ?1 and due_ms = ?2 and id = ?3", 3);
        _update = new(
            connection,
            """
            update timed_task set next_ms = ?4, attempts = ?5, version = ?6, last_error = ?7, weight = ?8
            where shard = ?1 and due_ms = ?2 and id = ?3 and version = ?6 - 1
            """,
            8
        );
        _outcome = new(
            connection,
            """
            insert into task_outcome (day, task_id, ended_ms, status, type, shard, account, actor_id, due_ms, attempts,
              version, payload, trace, error)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
              on conflict (day, task_id, version) do nothing
            """,
            14
        );
        _status = new(
            connection,
            """
            insert into order_status_log (order_id, sequence, group_id, user_id, status, changed_ms, quantity, amount,
              currency, placed_ms, closes_ms, paid_ms, voucher_tail, voucher_until_ms, redeemed_ms,
              refunded_ms, close_reason)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
            """,
            17
        );
        _run = new(
            connection,
            "insert into task_run (due_day, task_id, version, commit_id) values (?1, ?2, ?3, ?4)",
            4
        );
    }

    /// <summary>Takes the file's write lock.</summary>
    public SqliteStatement Begin { get; }

    /// <summary>Begins the savepoint of a commit.</summary>
    public SqliteStatement Savepoint { get; }

    /// <summary>Ends the savepoint.</summary>
    public SqliteStatement Release { get; }

    /// <summary>Rolls back to the savepoint.</summary>
    public SqliteStatement RollbackOne { get; }

    /// <summary>Commits the transaction; returns when it is on disk.</summary>
    public SqliteStatement Commit { get; }

    /// <summary>?1 the time: a test write.</summary>
    public SqliteStatement Probe { get; }

    /// <summary>?1 the stream: 1 if it is alive.</summary>
    public SqliteStatement IsAlive { get; }

    /// <summary>?1 the stream, ?2 the position: the id of the commit there.</summary>
    public SqliteStatement CommitAt { get; }

    /// <summary>
    /// Writes all rows of a commit; throws <see cref="SqliteException"/> on the first that cannot be written.
    /// </summary>
    public void Write(long stream, QueuedCommit queued, DateTimeOffset now)
    {
        var commit = queued.Commit;
        Journal(stream, queued, now);
        foreach (var task in commit.Schedules)
            Schedule(task);
        foreach (var key in commit.Removals)
            _remove.Run(key.Shard.Index, Ms(key.Due), key.Id);
        foreach (var task in commit.Updates)
            _update.Run(
                task.Key.Shard.Index,
                Ms(task.Key.Due),
                task.Key.Id,
                Ms(task.NextAt),
                task.Attempts,
                task.Version,
                task.LastError,
                task.Weight
            );
        foreach (var outcome in commit.Outcomes)
            Outcome(outcome);
        foreach (var row in commit.Rows)
            Status(row as OrderStatusChange ?? throw new NotSupportedException($"Nobody writes a {row.GetType()}."));
        if (commit.Run is { } run)
            _run.Run(Ms(run.Key.Due) / DayMs, run.Key.Id, run.Version, Id(commit.Id));
    }

    public void Dispose()
    {
        foreach (
            var statement in new[]
            {
                Begin,
                Savepoint,
                Release,
                RollbackOne,
                Commit,
                Probe,
                IsAlive,
                CommitAt,
                _journal,
                _schedule,
                _move,
                _remove,
                _update,
                _outcome,
                _status,
                _run,
            }
        )
            statement.Dispose();
    }

    private void Journal(long stream, QueuedCommit queued, DateTimeOffset now)
    {
        var commit = queued.Commit;
        var id = Id(commit.Id);
        if (commit.Events.Count == 0)
            _journal.Run(stream, queued.FirstPosition, id, null, null, "", 0, Ms(now), null, null);
        for (var i = 0; i < commit.Events.Count; i++)
        {
            var e = commit.Events[i];
            _journal.Run(
                stream,
                queued.FirstPosition + i,
                id,
                commit.Actor.ToString(),
                e.Sequence,
                e.Type,
                e.Version,
                Ms(e.Time),
                Bytes(e.Payload),
                e.Trace
            );
        }
    }

    private void Schedule(TimedTask task)
    {
        _schedule.Run(
            task.Key.Shard.Index,
            Ms(task.Key.Due),
            task.Key.Id,
            task.Type,
            Bytes(task.Payload),
            Ms(task.NextAt),
            task.Attempts,
            task.Version,
            task.Trace,
            task.LastError,
            task.Weight,
            task.FirstDue?.ToUnixTimeMilliseconds()
        );
        if (task.Version > 1)
            _move.Run(task.Key.Id);
    }

    private void Outcome(TaskOutcome outcome) =>
        _outcome.Run(
            outcome.Key.Day,
            outcome.TaskId,
            Ms(outcome.EndedAt),
            StoredNames<TaskOutcomeStatus>.Of(outcome.Status),
            outcome.Type,
            outcome.Shard.Index,
            outcome.Account,
            outcome.Actor?.ToString(),
            Ms(outcome.Due),
            outcome.Attempts,
            outcome.Version,
            Bytes(outcome.Payload),
            outcome.Trace,
            outcome.Error
        );

    private void Status(OrderStatusChange change)
    {
        var order = change.Order;
        _status.Run(
            order.OrderId.ToString(),
            change.Sequence,
            order.OrderId.Group.Value,
            System.Text.Encoding.UTF8.GetBytes(order.UserId),
            StoredNames.Of(order.Status),
            Ms(change.Time),
            order.Quantity,
            order.Total.Amount,
            order.Total.Currency,
            Ms(order.PlacedAt),
            Ms(order.ClosesAt),
            order.PaidAt?.ToUnixTimeMilliseconds(),
            order.VoucherTail,
            order.VoucherValidUntil?.ToUnixTimeMilliseconds(),
            order.RedeemedAt?.ToUnixTimeMilliseconds(),
            order.RefundedAt?.ToUnixTimeMilliseconds(),
            order.CloseReason is { } reason ? StoredNames.Of(reason) : null
        );
    }

    private static long Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    private static byte[] Id(Guid id) => id.ToByteArray(bigEndian: true);

    private static byte[] Bytes(ReadOnlyMemory<byte> bytes) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(bytes, out var array)
        && array.Array!.Length == bytes.Length
            ? array.Array
            : bytes.ToArray();
}
