using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Migrations;
using Microsoft.Data.Sqlite;

namespace GroupBuyActors.Store.Sandbox;

/// <summary>
/// Where the books are: on MySQL among the other tables; on SQLite in a file of their own beside the main one, so that
/// they do not wait for its committer. That file does not wait for the disk: what was answered survives kill -9 of the
/// process, and a loss of power may take the last moments of the sandbox (a stand-in for services that would have
/// survived it).
/// </summary>
internal sealed class SandboxDatabase : IAsyncDisposable
{
    private readonly SqliteDatabase? _ownFile;
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private Task<Database>? _ready;

    public SandboxDatabase(Database main, TimeProvider time)
    {
        (Dialect, _time) = (main.Dialect, time);
        if (main is SqliteDatabase sqlite)
            _ownFile = new SqliteDatabase(BesideOf(sqlite), readersMax: 4, survivesPowerLoss: false);
        else
            _ready = Task.FromResult(main);
    }

    public Dialect Dialect { get; }

    /// <summary>The database, its tables there; a first try that failed is not the last.</summary>
    public Task<Database> ReadyAsync()
    {
        lock (_gate)
            return _ready is { IsFaulted: false } ready ? ready : _ready = Task.Run(MakeReady);
    }

    public ValueTask DisposeAsync() => _ownFile?.DisposeAsync() ?? ValueTask.CompletedTask;

    private Database MakeReady()
    {
        new SqliteMigrator(_ownFile!, "SqliteSandbox", _time).Run();
        return _ownFile!;
    }

    private static string BesideOf(SqliteDatabase main)
    {
        var name = $"{Path.GetFileNameWithoutExtension(main.Path)}-sandbox{Path.GetExtension(main.Path)}";
        return new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(Path.GetDirectoryName(main.Path)!, name),
        }.ConnectionString;
    }
}
