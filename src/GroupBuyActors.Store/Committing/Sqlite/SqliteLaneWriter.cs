using GroupBuyActors.Committing;
using GroupBuyActors.Store.Databases;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Store.Committing.Sqlite;

/// <summary>
/// Writes a stream on SQLite: a transaction a batch, a savepoint a commit, so that a refused commit takes nobody else
/// with it. There is no server that could work on behind our back: after a failed commit of the transaction a plain
/// read tells its outcome, and trouble before the commit means that nothing of it is there. Where that lasts longer
/// than <see cref="StoreOptions.RefusalPatience"/> (a disk that is full, a file that cannot be written), what waits is
/// given up, and nothing is taken until the file takes a write again.
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
    /// A lock is held by somebody who writes: it is waited for longer than a file that takes nothing.
    /// </summary>
    private const int LockPatienceFactor = 4;

    private readonly RefusalPatience _patience = new(time, options.RefusalPatience);
    private readonly RefusalPatience _lockPatience = new(time, options.RefusalPatience * LockPatienceFactor);
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
        Stream = NewStreamId();
        database.Turns.Enter();
        try
        {
            Allocate(silo);
        }
        finally
        {
            database.Turns.Leave();
        }
        BeginMark();
        ConfirmedAt = sentAt;
        return options.BatchBytesMax;
    }

    /// <summary>The stream before goes once it is drained, so that the mark must not go on naming it.</summary>
    private void BeginMark()
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
            update stream set state = 2 where state = 1; insert into stream (id, silo_address, silo_slot,
              state) values ($id, $address, $slot, 1)
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
            if (!IsWhole())
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
    public override bool TakesWrites()
    {
        database.Turns.Enter();
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
            database.Turns.Leave();
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
                if (_committing && HasLanded(batch))
                    break;
                // Whatever is open is rolled back with its connection.
                Discard();
                if (!(isLocked ? _lockPatience : _patience).IsOver())
                {
                    Pause(s_pause, time);
                    continue;
                }
                Refuses = true;
                GiveUp(batch);
                return true;
            }
        }
        _patience.Reset();
        _lockPatience.Reset();
        foreach (var queued in batch)
            if (queued.Status == CommitStatus.Stale)
                queued.Commit.Token.Poison();
        var last = batch.FindLast(p => p.Status == CommitStatus.Committed);
        if (last is null)
            return true;
        LastPosition = last.FirstPosition + last.Rows - 1;
        Remember();
        return true;
    }

    /// <summary>The commits are stored whatever comes of this: a mark that is behind is behind and no more.</summary>
    private void Remember()
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
    /// False where the stream is fenced; throws where the file does not take the transaction, which then is not there
    /// or just is.
    /// </summary>
    private bool TryTransaction(List<QueuedCommit> batch)
    {
        _committing = false;
        Connect();
        if (_checkpointer!.LogIsLong)
            _checkpointer.Checkpoint(_connection!);
        database.Turns.Enter();
        try
        {
            return TryTransactionInTurn(batch);
        }
        finally
        {
            database.Turns.Leave();
        }
    }

    private bool TryTransactionInTurn(List<QueuedCommit> batch)
    {
        _statements!.Begin.Run();
        if (!IsWhole())
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
    /// After trouble, on a connection of its own, for as long as it takes: is the batch's first committed row there? It
    /// was the last step that could fail, so the rest is there too.
    /// </summary>
    private bool HasLanded(List<QueuedCommit> batch)
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

    private bool IsWhole()
    {
        if ((long)_statements!.IsAlive.Scalar(Stream)! == 0)
            FencedBecause = "The stream is fenced because another process declared this one dead.";
        else if (LastPosition > 0 && _statements.CommitAt.Scalar(Stream, LastPosition) is null)
            FencedBecause =
                $"Position {LastPosition}, which this process committed, is missing: the file was replaced by "
                + "an older one.";
        return FencedBecause is null;
    }

    /// <summary>A new connection: whatever was open on the old one is rolled back with it.</summary>
    private void Reopen()
    {
        Discard();
        _connection = database.Open();
        using (var command = _connection.CreateCommand())
        {
            // The checkpointer does it, apart. A lock of another process is waited for no longer than an answer may
            // take.
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
