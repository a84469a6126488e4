using GroupBuyActors.Store.Databases;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace GroupBuyActors.Store.Committing.Sqlite;

/// <summary>
/// Writes a stream on SQLite: a transaction a batch, a savepoint a commit, so that a refused commit takes nobody else with it. There
/// is no server that could work on behind our back: after a failed commit of the transaction a plain read tells its outcome.
/// </summary>
internal sealed class SqliteLaneWriter(SqliteDatabase database, StoreOptions options, TimeProvider time, CommitMetrics metrics, ILogger logger) : LaneWriter
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);
    private SqliteConnection? _connection;
    private SqliteStatements? _statements;
    private SqliteCheckpointer? _checkpointer;

    /// <inheritdoc/>
    public override int Open(SiloIdentity silo)
    {
        var sentAt = time.GetTimestamp();
        Reopen();
        _checkpointer = new SqliteCheckpointer(database.Open(), logger);
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
        ConfirmedAt = sentAt;
        return options.BatchBytesMax;
    }

    private void Allocate(SiloIdentity silo)
    {
        using var transaction = _connection!.BeginTransaction(deferred: false);
        using var command = _connection.CreateCommand();
        command.Transaction = transaction;
        // The process owns the file: whoever wrote streams before is gone (T13).
        command.CommandText = "update stream set state = 2 where state = 1; insert into stream (id, silo_address, silo_slot, state) values ($id, $address, $slot, 1)";
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
            if (!IsWhole()) return false;
            ConfirmedAt = sentAt;
        }
        catch (SqliteException e)
        {
            logger.FileTrouble(Stream, e.Message);
        }
        return true;
    }

    /// <inheritdoc/>
    public override bool Write(List<LanePlace> batch, List<LanePlace> setAside)
    {
        if (_checkpointer!.LogIsLong) _checkpointer.Checkpoint(_connection!);
        while (true)
        {
            var sentAt = time.GetTimestamp();
            try
            {
                if (!TryTransaction(batch)) return false;
                ConfirmedAt = sentAt;
                _checkpointer.Committed(batch.Count);
                break;
            }
            catch (SqliteException e)
            {
                metrics.Retried(e.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED ? "lock_wait" : "file");
                logger.FileTrouble(Stream, e.Message);
                if (HasLanded(batch)) break;
                Pause();
            }
        }
        foreach (var place in batch)
            if (place.Status == CommitStatus.Stale) place.Commit.Token.Poison();
        var last = batch.FindLast(p => p.Status == CommitStatus.Committed);
        if (last is not null) LastPosition = last.FirstPosition + last.Rows - 1;
        return true;
    }

    /// <inheritdoc/>
    public override void Close()
    {
        _statements?.Dispose();
        _connection?.Dispose();
        _checkpointer?.Dispose();
    }

    /// <summary>False where the stream is fenced; throws where the file does not take the transaction, which then is not there or just is.</summary>
    private bool TryTransaction(List<LanePlace> batch)
    {
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

    private bool TryTransactionInTurn(List<LanePlace> batch)
    {
        _statements!.Begin.Run();
        if (!IsWhole())
        {
            Reopen();
            return false;
        }
        var next = LastPosition + 1;
        var refused = new HashSet<ActivationToken>();
        foreach (var place in batch)
        {
            place.FirstPosition = next;
            place.Status = !refused.Contains(place.Commit.Token) && TryWrite(place) ? CommitStatus.Committed : CommitStatus.Stale;
            if (place.Status == CommitStatus.Committed) next += place.Rows;
            else refused.Add(place.Commit.Token);
        }
        _statements.Commit.Run();
        return true;
    }

    private bool TryWrite(LanePlace place)
    {
        _statements!.Savepoint.Run();
        try
        {
            _statements.Write(Stream, place, time.GetUtcNow());
        }
        catch (SqliteException e) when (e.SqliteErrorCode is raw.SQLITE_CONSTRAINT or raw.SQLITE_TOOBIG or raw.SQLITE_MISMATCH or raw.SQLITE_RANGE)
        {
            if (e.SqliteExtendedErrorCode is not (raw.SQLITE_CONSTRAINT_PRIMARYKEY or raw.SQLITE_CONSTRAINT_UNIQUE))
                logger.RowRefused(Stream, place.Commit.Id, place.Commit.Group?.Value, e.Message);
            _statements.RollbackOne.Run();
            _statements.Release.Run();
            return false;
        }
        _statements.Release.Run();
        return true;
    }

    /// <summary>
    /// After trouble, on a connection of its own, for as long as it takes: is the batch's first committed row there? It was the last
    /// step that could fail, so the rest is there too.
    /// </summary>
    private bool HasLanded(List<LanePlace> batch)
    {
        while (true)
        {
            try
            {
                Reopen();
                var first = batch.Find(p => p.Status == CommitStatus.Committed);
                return first is not null && _statements!.CommitAt.Scalar(Stream, first.FirstPosition) is byte[] id && new Guid(id, bigEndian: true) == first.Commit.Id;
            }
            catch (SqliteException e)
            {
                logger.FileTrouble(Stream, e.Message);
                Pause();
            }
        }
    }

    private bool IsWhole()
    {
        if ((long)_statements!.IsAlive.Scalar(Stream)! == 0)
            FencedBecause = "The stream is fenced: another process took this one for dead.";
        else if (LastPosition > 0 && _statements.CommitAt.Scalar(Stream, LastPosition) is null)
            FencedBecause = $"Position {LastPosition}, which this process committed, is missing: the file was replaced by an older one.";
        return FencedBecause is null;
    }

    /// <summary>A new connection: whatever was open on the old one is rolled back with it.</summary>
    private void Reopen()
    {
        _statements?.Dispose();
        _connection?.Dispose();
        (_statements, _connection) = (null, null);
        _connection = database.Open();
        using (var command = _connection.CreateCommand())
        {
            // The checkpointer does it, apart.
            command.CommandText = "pragma wal_autocheckpoint = 0";
            command.ExecuteNonQuery();
        }
        _statements = new SqliteStatements(_connection);
    }

    private void Pause()
    {
        using var over = new ManualResetEventSlim();
        using var timer = time.CreateTimer(_ => over.Set(), null, s_pause, Timeout.InfiniteTimeSpan);
        over.Wait();
    }
}
