using System.Globalization;
using System.Runtime.InteropServices;
using GroupBuyActors.Testing;
using GroupBuyActors.Testing.Silos;

namespace GroupBuyActors.Benchmarks.Harness;

/// <summary>
/// The database of one run: a private MariaDB server as production has it, or one SQLite file; gone when the run is
/// over.
/// </summary>
internal sealed class BenchDatabase : IAsyncDisposable
{
    private readonly MariaDbServer? _server;
    private readonly string? _name;

    private BenchDatabase(string directory, MariaDbServer? server, string? name)
    {
        Directory = directory;
        _server = server;
        _name = name;
    }

    /// <summary>A directory for the run's files.</summary>
    public string Directory { get; }

    /// <summary>ADO.NET connection string.</summary>
    public string ConnectionString =>
        _server?.ConnectionString(_name) ?? $"Data Source={Path.Combine(Directory, "groupbuy.db")}";

    /// <summary>What Orleans' AdoNet providers call it.</summary>
    public string OrleansInvariant => _server is null ? "System.Data.SQLite" : "MySql.Data.MySqlConnector";

    /// <summary>Makes an empty database.</summary>
    public static async Task<BenchDatabase> StartAsync(BenchmarkOptions options)
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("groupbuy-bench-").FullName;
        if (options.Database == DatabaseKind.Sqlite)
            return new(directory, null, null);
        if (options.Text("--connection") is { } existing)
            Environment.SetEnvironmentVariable(MariaDbServer.ExistingServerVariable, existing);
        var server = await MariaDbServer.StartAsync("--innodb-buffer-pool-size=1G", "--innodb-log-file-size=512M");
        return new(directory, server, await server.CreateDatabaseAsync("bench"));
    }

    /// <summary>Settings of a silo that works on it.</summary>
    public SiloSettings Silo(string name) =>
        SiloSettings.Draw(name, Directory, _server is null ? null : ConnectionString);

    /// <summary>The server's process, where it is one of this run; else 0.</summary>
    public int ServerProcessId => _server?.ProcessId ?? 0;

    /// <summary>Meters the server, where it is a process of this run.</summary>
    public IEnumerable<ProcessorMeter> Meters() =>
        ServerProcessId > 0 ? [new ProcessorMeter("database", ServerProcessId)] : [];

    /// <summary>One line that tells what the figures were measured on.</summary>
    public async Task<string> DescribeAsync()
    {
        var machine = string.Create(
            CultureInfo.InvariantCulture,
            $"{Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription.Trim()}, .NET {Environment.Version}"
        );
        if (_server is null)
            return $"{machine}; SQLite, WAL, synchronous=FULL";
        var facts = await _server.ScalarAsync(
            null,
            """
            select concat(version(), ', innodb_flush_log_at_trx_commit=', @@innodb_flush_log_at_trx_commit,
              ', log_bin=', @@log_bin, ', sync_binlog=', @@sync_binlog, ', innodb_buffer_pool_size=',
              @@innodb_buffer_pool_size div 1048576, 'M')
            """
        );
        return $"{machine}; {facts}, on the same machine";
    }

    /// <summary>Removes everything.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            if (_server.IsExternal)
                await _server.ExecuteAsync(null, $"drop database if exists {_name}");
            await _server.DisposeAsync();
        }
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
