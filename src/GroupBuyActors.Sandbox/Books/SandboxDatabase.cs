using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Migrations;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Sandbox.Books;

/// <summary>
/// The database of the books: on MySQL the store's database, in tables that the store does not use; on SQLite a
/// separate file beside the main one, so that they do not wait for its committer. Commits to that file do not wait for
/// the disk: they survive kill -9 of the process, but a loss of power may lose the last moments of the sandbox, unlike
/// a real service.
/// </summary>
internal sealed class SandboxDatabase : IAsyncDisposable
{
    private const string MySqlVersions = "sandbox_schema_version";
    private readonly MySqlDatabase? _shared;
    private readonly SqliteDatabase? _ownFile;
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private Task<Database>? _ready;

    public SandboxDatabase(Database main, TimeProvider time, ILogger<SandboxDatabase> log)
    {
        (Dialect, _time, _log) = (main.Dialect, time, log);
        _shared = main as MySqlDatabase;
        if (main is SqliteDatabase sqlite)
            _ownFile = new SqliteDatabase(BesideOf(sqlite), readersMax: 4, survivesPowerLoss: false);
    }

    public Dialect Dialect { get; }

    /// <summary>The sandbox's own migrations.</summary>
    public static IReadOnlyList<Migration> Migrations(Dialect dialect) =>
        Migration.Of(
            typeof(SandboxDatabase).Assembly,
            $"{typeof(SandboxServices).Namespace}.Migrations.{dialect.Folder}."
        );

    /// <summary>The migrated database; after a failed migration the next call tries again.</summary>
    public Task<Database> ReadyAsync()
    {
        lock (_gate)
            return _ready is { IsFaulted: false } ready ? ready : _ready = Task.Run(MigrateAsync);
    }

    public ValueTask DisposeAsync() => _ownFile?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task<Database> MigrateAsync()
    {
        var migrations = Migrations(Dialect);
        if (_ownFile is not null)
        {
            new SqliteMigrator(_ownFile, migrations, _time).Run();
            return _ownFile;
        }

        await new MySqlMigrator(_shared!, migrations, _time, _log, versionTable: MySqlVersions)
            .RunAsync(CancellationToken.None)
            .ConfigureAwait(false);
        return _shared!;
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
