using GroupBuyActors.Store.Databases;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Store.Committing.Sqlite;

/// <summary>
/// Copies the write-ahead log into the database on a thread and a connection of its own, so that no commit waits for
/// it. Passive: it never blocks a writer. Under continuous writing such a checkpoint never reaches the end of the log.
/// Beyond <see cref="LogPagesMax"/> pages the lane therefore copies the small rest itself between two transactions,
/// after which SQLite restarts the log.
/// </summary>
internal sealed class SqliteCheckpointer : IDisposable
{
    private const int CommitsBetween = 2000;
    private const int LogPagesMax = 16_000;
    private readonly SqliteConnection _connection;
    private readonly SqliteMark _mark;
    private readonly ILogger _log;
    private readonly object _gate = new();
    private readonly Thread _thread;
    private int _commits;
    private bool _stopping;
    private volatile bool _isLong;

    public SqliteCheckpointer(SqliteConnection connection, SqliteMark mark, ILogger log)
    {
        (_connection, _mark, _log) = (connection, mark, log);
        _thread = new Thread(Run) { IsBackground = true, Name = "checkpoint" };
        _thread.Start();
    }

    /// <summary>True if the lane should make a checkpoint itself before its next transaction.</summary>
    public bool LogIsLong => _isLong;

    /// <summary>Counts commits towards the next checkpoint.</summary>
    public void Committed(int commits)
    {
        lock (_gate)
        {
            _commits += commits;
            if (_commits >= CommitsBetween)
                Monitor.Pulse(_gate);
        }
    }

    /// <summary>Copies as much as possible. Any thread with a connection of its own may call it.</summary>
    public void Checkpoint(SqliteConnection connection)
    {
        try
        {
            using var command = connection.CreateCommand();
            command.CommandText = "pragma wal_checkpoint(passive)";
            using var reader = command.ExecuteReader();
            reader.Read();
            var (logPages, copied) = (reader.GetInt64(1), reader.GetInt64(2));
            _mark.Flush();
            _isLong = logPages > LogPagesMax && logPages > copied;
        }
        catch (Exception e) when (e is SqliteException or IOException)
        {
            CommitLog.CheckpointFailed(_log, e.Message);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.Pulse(_gate);
        }
        _thread.Join();
        _connection.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            lock (_gate)
            {
                while (_commits < CommitsBetween && !_stopping)
                    Monitor.Wait(_gate);
                if (_stopping)
                    return;
                _commits = 0;
            }
            Checkpoint(_connection);
        }
    }
}
