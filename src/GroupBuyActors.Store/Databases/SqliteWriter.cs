using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace GroupBuyActors.Store.Databases;

/// <summary>
/// One thread with one connection that writes. Waiting work is done in one transaction, with a savepoint for each
/// piece, so that a failing piece does not affect the others. A call completes only when the transaction is committed.
/// </summary>
internal sealed class SqliteWriter : IAsyncDisposable
{
    /// <summary>Pieces of work in one transaction: bounds how long the committer waits for the file.</summary>
    private const int BatchMax = 64;

    /// <summary>Pieces of work that may wait; beyond it callers wait to add theirs.</summary>
    private const int QueueMax = 4096;

    private readonly SqliteConnection _connection;
    private readonly SqliteWriteLock _writeLock;
    private readonly DbSession _session;
    private readonly Channel<Piece> _queue = Channel.CreateBounded<Piece>(
        new BoundedChannelOptions(QueueMax) { SingleReader = true }
    );
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SqliteWriter(SqliteConnection connection, SqliteWriteLock writeLock, string name)
    {
        _connection = connection;
        _writeLock = writeLock;
        _session = new DbSession(connection, null);
        new Thread(Run) { IsBackground = true, Name = $"write {name}" }.Start();
    }

    public async Task<T> RunAsync<T>(Func<DbSession, CancellationToken, Task<T>> write, CancellationToken cancellation)
    {
        var piece = new Piece<T>(write, cancellation);
        await _queue.Writer.WriteAsync(piece, cancellation).ConfigureAwait(false);
        return await piece.Result.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _ended.Task.ConfigureAwait(false);
        _connection.Dispose();
    }

    private void Run()
    {
        var batch = new List<Piece>(BatchMax);
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            batch.Clear();
            while (batch.Count < BatchMax && _queue.Reader.TryRead(out var piece))
                batch.Add(piece);
            WriteTogether(batch);
        }

        _ended.SetResult();
    }

    private void WriteTogether(List<Piece> batch)
    {
        _writeLock.Enter();
        try
        {
            Execute("begin immediate");
            foreach (var piece in batch)
                WriteOne(piece);
            Execute("commit");
        }
        catch (Exception e)
        {
            TryRollback();
            foreach (var piece in batch)
                piece.Fail(e);
            return;
        }
        finally
        {
            _writeLock.Leave();
        }

        foreach (var piece in batch)
            piece.Complete();
    }

    private void WriteOne(Piece piece)
    {
        Execute("savepoint piece");
        try
        {
            piece.Run(_session);
        }
        catch (Exception e)
        {
            Execute("rollback to piece");
            piece.Fail(e);
        }

        Execute("release piece");
    }

    private void TryRollback()
    {
        try
        {
            Execute("rollback");
        }
        catch (SqliteException)
        {
            // The transaction did not begin, or SQLite has rolled it back itself.
        }
    }

    private void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private abstract class Piece
    {
        public abstract void Run(DbSession session);

        public abstract void Complete();

        public abstract void Fail(Exception e);
    }

    private sealed class Piece<T>(Func<DbSession, CancellationToken, Task<T>> write, CancellationToken cancellation)
        : Piece
    {
        private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _value;

        public Task<T> Result => _result.Task;

        public override void Run(DbSession session)
        {
            cancellation.ThrowIfCancellationRequested();
            var running = write(session, CancellationToken.None);
            // Microsoft.Data.Sqlite is synchronous. Work that is not complete waits for something else, and would hold
            // the lock meanwhile.
            if (!running.IsCompleted)
                throw new InvalidOperationException("Work on the writer thread may wait only for the database.");
            _value = running.GetAwaiter().GetResult();
        }

        public override void Complete() => _result.TrySetResult(_value!);

        public override void Fail(Exception e) => _result.TrySetException(e);
    }
}
