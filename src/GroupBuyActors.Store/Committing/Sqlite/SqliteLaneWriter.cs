using GroupBuyActors.Committing;
using GroupBuyActors.Store.Databases;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Store.Committing.Sqlite;

/// <summary>
/// Writes a stream on SQLite: a transaction per batch and a savepoint per commit, so that a refused commit does not
/// affect the others. No server continues in the background: after a failed commit of the transaction a read tells its
/// outcome, and after an earlier failure nothing of it is stored. If failures last longer than
/// <see cref="StoreOptions.RefusalTimeout"/> (the disk is full, the file cannot be written), waiting commits fail, and
/// new ones are refused until the file accepts a write again.
/// </summary>
internal sealed class SqliteLaneWriter(
    SqliteDatabase database,
    StoreOptions options,
    TimeProvider time,
    CommitMetrics metrics,
    ILogger log
) : LaneWriter
{
    private const int BusyMs = 1000;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// A lock is held by another writer, so it is waited for longer than a file that cannot be written.
    /// </summary>
    private const int LockTimeoutFactor = 4;

    private readonly RefusalTimer _refusalTimer = new(time, options.RefusalTimeout);
    private readonly RefusalTimer _lockTimer = new(time, options.RefusalTimeout * LockTimeoutFactor);
    private SqliteConnection? _connection;
    private SqliteStatements? _statements;
    private SqliteCheckpointer? _checkpointer;
    private bool _committing;

    /// <inheritdoc/>
    public override int Open(SiloIdentity silo)
    {
        var sentAt = time.GetTimestamp();
        Reopen();
        _checkpointer = new SqliteCheckpointer(database.Open(), database.Mark, log);
        Stream = NewStreamId(LowestSlot);
        database.WriteLock.Enter();
        try
        {
            Allocate(silo);
        }
        finally
        {
            database.WriteLock.Leave();
        }
        WriteFirstMark();
        ConfirmedAt = sentAt;
        return options.BatchBytesMax;
    }

    /// <summary>The previous stream is removed once it is drained, so the mark must not name it any more.</summary>
    private void WriteFirstMark()
    {
        try
        {
            database.Mark.Write(new MarkedState(Stream, 0));
            database.Mark.Flush();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnusableException(
                $"The file {database.Mark.Path}, which records the last acknowledged commit, cannot be written: "
                    + $"{e.Message}",
                e
            );
        }
    }

    private void Allocate(SiloIdentity silo)
    {
        using var transaction = _connection!.BeginTransaction(deferred: false);
        using var command = _connection.CreateCommand();
        command.Transaction = transaction;
        // This process owns the file, so every process that wrote streams before has ended.
        command.CommandText = """
            update stream set state = 2 where state = 1;
            insert into stream (id, silo_address, silo_slot, state) values ($id, $address, $slot, 1)
            """;
        command.Parameters.AddWithValue("$id", Stream);
        command.Parameters.AddWithValue("$address", silo.Address);
        command.Parameters.AddWithValue("$slot", silo.Slot);
        command.ExecuteNonQuery();
        transaction.Commit();
    }

    /// <inheritdoc/>
    public override bool Confirm()
    {
        var sentAt = time.GetTimestamp();
        try
        {
            Connect();
            if (!IsAlive())
                return false;
            ConfirmedAt = sentAt;
        }
        catch (Exception e) when (DatabaseErrors.IsFileFailure(e))
        {
            CommitLog.FileFailure(log, Stream, e.Message);
        }
        return true;
    }

    /// <inheritdoc/>
    public override bool AcceptsWrites()
    {
        database.WriteLock.Enter();
        try
        {
            Connect();
            _statements!.Begin.Run();
            _statements.Probe.Run(time.GetUtcNow().ToUnixTimeMilliseconds());
            _statements.Commit.Run();
            return true;
        }
        catch (Exception e) when (DatabaseErrors.IsFileFailure(e))
        {
            CommitLog.FileFailure(log, Stream, e.Message);
            Discard();
            return false;
        }
        finally
        {
            database.WriteLock.Leave();
        }
    }

    /// <inheritdoc/>
    public override bool Write(List<QueuedCommit> batch, List<QueuedCommit> deferred)
    {
        while (true)
        {
            var sentAt = time.GetTimestamp();
            try
            {
                if (!TryTransaction(batch))
                    return false;
                ConfirmedAt = sentAt;
                _checkpointer!.Committed(batch.Count);
                break;
            }
            catch (Exception e) when (DatabaseErrors.IsFileFailure(e))
            {
                var isLocked = e is SqliteException known && DatabaseErrors.Of(known) == ErrorMeaning.Lock;
                metrics.Retried(isLocked ? "lock_wait" : "file");
                CommitLog.FileFailure(log, Stream, e.Message);
                if (_committing && IsStored(batch))
                    break;
                // An open transaction is rolled back with its connection.
                Discard();
                if (!(isLocked ? _lockTimer : _refusalTimer).IsOver())
                {
                    Pause(s_pause, time);
                    continue;
                }
                Refuses = true;
                GiveUp(batch);
                return true;
            }
        }
        _refusalTimer.Reset();
        _lockTimer.Reset();
        foreach (var queued in batch)
            if (queued.Status == CommitStatus.Stale)
                queued.Commit.Token.Poison();
        var last = batch.FindLast(p => p.Status == CommitStatus.Committed);
        if (last is null)
            return true;
        LastPosition = last.FirstPosition + last.Rows - 1;
        WriteMark();
        return true;
    }

    /// <summary>A failure is only logged: the commits are stored, and a mark that is behind does no harm.</summary>
    private void WriteMark()
    {
        try
        {
            database.Mark.Write(new MarkedState(Stream, LastPosition));
        }
        catch (IOException e)
        {
            CommitLog.MarkNotWritten(log, database.Mark.Path, e.Message);
        }
    }

    /// <inheritdoc/>
    public override void Close()
    {
        Discard();
        _checkpointer?.Dispose();
    }

    /// <summary>
    /// False if the stream is fenced. Throws if the file does not accept the transaction; if its commit failed, it may
    /// be stored or not.
    /// </summary>
    private bool TryTransaction(List<QueuedCommit> batch)
    {
        _committing = false;
        Connect();
        if (_checkpointer!.LogIsLong)
            _checkpointer.Checkpoint(_connection!);
        database.WriteLock.Enter();
        try
        {
            return TryLockedTransaction(batch);
        }
        finally
        {
            database.WriteLock.Leave();
        }
    }

    private bool TryLockedTransaction(List<QueuedCommit> batch)
    {
        _statements!.Begin.Run();
        if (!IsAlive())
        {
            Reopen();
            return false;
        }
        var next = LastPosition + 1;
        var refused = new HashSet<ActivationToken>();
        foreach (var queued in batch)
        {
            queued.FirstPosition = next;
            queued.Status =
                !refused.Contains(queued.Commit.Token) && TryWrite(queued)
                    ? CommitStatus.Committed
                    : CommitStatus.Stale;
            if (queued.Status == CommitStatus.Committed)
                next += queued.Rows;
            else
                refused.Add(queued.Commit.Token);
        }
        _committing = true;
        _statements.Commit.Run();
        return true;
    }

    private bool TryWrite(QueuedCommit queued)
    {
        _statements!.Savepoint.Run();
        try
        {
            _statements.Write(Stream, queued, time.GetUtcNow());
        }
        catch (SqliteException e) when (DatabaseErrors.Of(e) is ErrorMeaning.Duplicate or ErrorMeaning.RowFault)
        {
            if (DatabaseErrors.Of(e) == ErrorMeaning.RowFault)
                CommitLog.RowRefused(log, Stream, queued.Commit.Id, queued.Commit.Actor?.ToString(), e.Message);
            _statements.RollbackOne.Run();
            _statements.Release.Run();
            return false;
        }
        _statements.Release.Run();
        return true;
    }

    /// <summary>
    /// After a failed commit of the transaction: reads, on a new connection and for as long as it takes, whether the
    /// batch's first row is stored. Then the others are stored too.
    /// </summary>
    private bool IsStored(List<QueuedCommit> batch)
    {
        while (true)
        {
            try
            {
                Reopen();
                var first = batch.Find(p => p.Status == CommitStatus.Committed);
                return first is not null
                    && _statements!.CommitAt.Scalar(Stream, first.FirstPosition) is byte[] id
                    && new Guid(id, bigEndian: true) == first.Commit.Id;
            }
            catch (Exception e) when (DatabaseErrors.IsFileFailure(e))
            {
                CommitLog.FileFailure(log, Stream, e.Message);
                Pause(s_pause, time);
            }
        }
    }

    private bool IsAlive()
    {
        if ((long)_statements!.IsAlive.Scalar(Stream)! == 0)
            FenceReason = "The stream is fenced because another process declared this one dead.";
        else if (LastPosition > 0 && _statements.CommitAt.Scalar(Stream, LastPosition) is null)
            FenceReason =
                $"Position {LastPosition}, which this process committed, is missing: the file was replaced by "
                + "an older one.";
        return FenceReason is null;
    }

    /// <summary>Opens a new connection; an open transaction of the old one is rolled back.</summary>
    private void Reopen()
    {
        Discard();
        _connection = database.Open();
        using (var command = _connection.CreateCommand())
        {
            // Checkpoints are made by the checkpointer. The wait for another process's lock is bounded, so that callers
            // get an answer in time.
            command.CommandText = $"pragma wal_autocheckpoint = 0; pragma busy_timeout = {BusyMs}";
            command.ExecuteNonQuery();
        }
        _connection.DefaultTimeout = BusyMs / 1000;
        _statements = new SqliteStatements(_connection);
    }

    private void Connect()
    {
        if (_statements is null)
            Reopen();
    }

    private void Discard()
    {
        _statements?.Dispose();
        _connection?.Dispose();
        (_statements, _connection) = (null, null);
    }
}
