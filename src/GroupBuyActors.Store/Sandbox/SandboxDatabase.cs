using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Migrations;
using Microsoft.Data.Sqlite;

namespace GroupBuyActors.Store.Sandbox;

/// <summary>
/// Where the books are: on MySQL among the other tables; on SQLite in a file of their own beside the main one, so that they do not
/// wait for its committer. That file does not wait for the disk: what was answered survives kill -9 of the process, and a loss of
/// power may take the last moments of the sandbox (a stand-in for services that would have survived it).
/// </summary>
internal sealed class SandboxDatabase : IAsyncDisposable
{
    private readonly SqliteDatabase? _ownFile;
    private readonly Lazy<Task<Database>> _ready;

    public SandboxDatabase(Database main, TimeProvider time)
    {
        Dialect = main.Dialect;
        if (main is not SqliteDatabase sqlite)
        {
            _ready = new Lazy<Task<Database>>(Task.FromResult(main));
            return;
        }

        var file = _ownFile = new SqliteDatabase(BesideOf(sqlite), readersMax: 4, survivesPowerLoss: false);
        _ready = new Lazy<Task<Database>>(() => Task.Run<Database>(() =>
        {
            new SqliteMigrator(file, "SqliteSandbox", time).Run();
            return file;
        }));
    }

    public Dialect Dialect { get; }

    /// <summary>The database, its tables there.</summary>
    public Task<Database> ReadyAsync() => _ready.Value;

    public ValueTask DisposeAsync() => _ownFile?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static string BesideOf(SqliteDatabase main)
    {
        var name = $"{Path.GetFileNameWithoutExtension(main.Path)}-sandbox{Path.GetExtension(main.Path)}";
        return new SqliteConnectionStringBuilder { DataSource = Path.Combine(Path.GetDirectoryName(main.Path)!, name) }.ConnectionString;
    }
}
