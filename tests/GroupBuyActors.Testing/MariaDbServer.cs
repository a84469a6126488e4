using System.Diagnostics;
using GroupBuyActors.Testing.Silos;
using MySqlConnector;

namespace GroupBuyActors.Testing;

/// <summary>
/// A private database server for tests: its own data directory, socket and random loopback port, with the binlog on and
/// everything flushed at each commit, as production has it. It is the system's MariaDB, or MySQL where
/// <c>GROUPBUY_TEST_MYSQL_ROOT</c> names the folder of one. <c>GROUPBUY_TEST_MYSQL</c> names an existing server to use
/// instead (a connection string whose user may create databases); such a server can be neither killed nor restarted.
/// </summary>
/// <remarks>
/// The server ends with this process however that ends: a shell waits for the end of our pipe to it and then kills the
/// server.
/// </remarks>
public sealed class MariaDbServer : IAsyncDisposable
{
    /// <summary>Names an existing server to use instead of a private one.</summary>
    public const string ExistingServerVariable = "GROUPBUY_TEST_MYSQL";

    private const string User = "groupbuy";
    private static int s_databases;
    private readonly string? _directory;
    private readonly ServerProgram _program = ServerProgram.Chosen();
    private readonly IReadOnlyList<string> _arguments;
    private readonly MySqlConnectionStringBuilder _server;
    private Process? _guard;
    private int _processId;

    private MariaDbServer(MySqlConnectionStringBuilder server, string? directory, IReadOnlyList<string> arguments)
    {
        _server = server;
        _directory = directory;
        _arguments = arguments;
    }

    /// <summary>True where the server was there before and cannot be killed.</summary>
    public bool IsExternal => _directory is null;

    /// <summary>Where it listens.</summary>
    public string Host => _server.Server;

    /// <summary>Where it listens.</summary>
    public int Port => (int)_server.Port;

    /// <summary>The process id of the private server, 0 while it is down.</summary>
    public int ProcessId => _processId;

    /// <summary>
    /// Starts a private server, or takes the one that <see cref="ExistingServerVariable"/> names. Throws with one clear
    /// sentence where there is neither.
    /// </summary>
    /// <param name="arguments">Further arguments of the server, such as <c>--innodb-buffer-pool-size=2G</c>.</param>
    public static async Task<MariaDbServer> StartAsync(params string[] arguments)
    {
        var existing = Environment.GetEnvironmentVariable(ExistingServerVariable);
        if (!string.IsNullOrWhiteSpace(existing))
            return new MariaDbServer(new MySqlConnectionStringBuilder(existing), null, arguments);

        var directory = Directory.CreateTempSubdirectory("groupbuy-mariadb-").FullName;
        var server = new MySqlConnectionStringBuilder
        {
            Server = "127.0.0.1",
            Port = (uint)LoopbackPorts.Draw(),
            UserID = User,
            Password = User,
            SslMode = MySqlSslMode.None,
            AllowPublicKeyRetrieval = true,
        };
        var mariaDb = new MariaDbServer(server, directory, arguments);
        try
        {
            await mariaDb.InstallAsync();
            await mariaDb.LaunchAsync();
            return mariaDb;
        }
        catch
        {
            await mariaDb.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Starts another server on a copy of this one's files as they are at one moment, in which it recovers as after a
    /// crash: a standby that was promoted and has nothing of what is committed here later.
    /// </summary>
    public async Task<MariaDbServer> CopyAsync()
    {
        var directory = Directory.CreateTempSubdirectory("groupbuy-mariadb-").FullName;
        var server = new MySqlConnectionStringBuilder(_server.ConnectionString) { Port = (uint)LoopbackPorts.Draw() };
        var copy = new MariaDbServer(server, directory, _arguments);
        try
        {
            Directory.CreateDirectory(copy.TemporaryDirectory);
            File.Copy(InitFile, copy.InitFile);
            await FreezeAsync();
            try
            {
                using var copying = Process.Start("cp", ["-r", DataDirectory, copy.DataDirectory]);
                await copying.WaitForExitAsync();
            }
            finally
            {
                await ThawAsync();
            }

            await copy.LaunchAsync();
            return copy;
        }
        catch
        {
            await copy.DisposeAsync();
            throw;
        }
    }

    private async Task InstallAsync()
    {
        Directory.CreateDirectory(TemporaryDirectory);
        await _program.InstallAsync(DataDirectory, TemporaryDirectory);
        // The server reads one statement a line from this file.
        await File.WriteAllTextAsync(InitFile, _program.MakeUser(User, User));
    }

    /// <summary>
    /// A connection string for a database of this server, or for one that is reached through a proxy's port.
    /// </summary>
    public string ConnectionString(string? database, int? throughPort = null)
    {
        var builder = new MySqlConnectionStringBuilder(_server.ConnectionString);
        if (database is not null)
            builder.Database = database;
        if (throughPort is not { } port)
            return builder.ConnectionString;
        // A proxy reads the protocol, which it cannot under TLS.
        (builder.Server, builder.Port, builder.SslMode, builder.AllowPublicKeyRetrieval) = (
            "127.0.0.1",
            (uint)port,
            MySqlSslMode.None,
            true
        );
        return builder.ConnectionString;
    }

    /// <summary>Creates an empty database of its own and gives its name.</summary>
    public async Task<string> CreateDatabaseAsync(string prefix = "test")
    {
        var name = $"{prefix}_{Environment.ProcessId}_{Interlocked.Increment(ref s_databases)}";
        await ExecuteAsync(null, $"drop database if exists {name}; create database {name} character set utf8mb4");
        return name;
    }

    /// <summary>Runs statements on a connection of their own.</summary>
    public async Task ExecuteAsync(string? database, string sql)
    {
        await using var connection = new MySqlConnection(
            ConnectionString(database) + ";Pooling=false;AllowUserVariables=true"
        );
        await connection.OpenAsync();
        await using var command = new MySqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The first column of the first row, or null.</summary>
    public async Task<object?> ScalarAsync(string? database, string sql)
    {
        await using var connection = new MySqlConnection(
            ConnectionString(database) + ";Pooling=false;AllowUserVariables=true"
        );
        await connection.OpenAsync();
        await using var command = new MySqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>The program that prints this server's binlog as text, and its first arguments.</summary>
    public IReadOnlyList<string> BinlogReader => _program.BinlogReader;

    /// <summary>kill -9: what was not flushed is lost, connections end.</summary>
    public async Task KillAsync()
    {
        if (IsExternal)
            throw new InvalidOperationException($"The server of {ExistingServerVariable} is not ours to kill.");
        if (_guard is null)
            return;
        // The guard kills the server when its input ends.
        _guard.StandardInput.Close();
        await _guard.WaitForExitAsync();
        _guard.Dispose();
        _guard = null;
        _processId = 0;
    }

    /// <summary>
    /// Stops the process where it is, as a stalled disk or a paused machine does: connections stay, nothing is
    /// answered.
    /// </summary>
    public Task FreezeAsync() => SignalAsync("-STOP");

    /// <summary>Lets it go on after <see cref="FreezeAsync"/>.</summary>
    public Task ThawAsync() => SignalAsync("-CONT");

    /// <summary>Starts again on the same data and port, after <see cref="KillAsync"/>.</summary>
    public Task RestartAsync() =>
        IsExternal || _guard is not null
            ? throw new InvalidOperationException("The server is not down.")
            : LaunchAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (IsExternal)
            return;
        MySqlConnection.ClearAllPools();
        await KillAsync();
        Directory.Delete(_directory!, recursive: true);
    }

    private async Task SignalAsync(string signal)
    {
        if (IsExternal)
            throw new InvalidOperationException($"The server of {ExistingServerVariable} is not ours to stop.");
        using var kill = Process.Start(
            "kill",
            [signal, _processId.ToString(System.Globalization.CultureInfo.InvariantCulture)]
        );
        await kill.WaitForExitAsync();
    }

    private string DataDirectory => Path.Combine(_directory!, "data");

    // Not the system's: a server that starts removes every other server's temporary tables from there.
    private string TemporaryDirectory => Path.Combine(_directory!, "tmp");
    private string InitFile => Path.Combine(_directory!, "init.sql");
    private string LogFile => Path.Combine(_directory!, "server.log");

    private async Task LaunchAsync()
    {
        string[] arguments =
        [
            .. _program.Command,
            $"--datadir={DataDirectory}",
            $"--tmpdir={TemporaryDirectory}",
            $"--socket={Path.Combine(_directory!, "s")}",
            $"--port={Port}",
            "--bind-address=127.0.0.1",
            "--user=root",
            "--skip-name-resolve",
            $"--init-file={InitFile}",
            "--max-connections=500",
            "--log-bin=binlog",
            "--server-id=1",
            "--sync-binlog=1",
            "--innodb-flush-log-at-trx-commit=1",
            .. _arguments,
        ];
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(
            "log=$1; shift; \"$@\" >>\"$log\" 2>&1 </dev/null & pid=$!; echo $pid; cat >/dev/null; kill -9 "
                + "$pid; wait $pid 2>/dev/null; true"
        );
        start.ArgumentList.Add("guard");
        start.ArgumentList.Add(LogFile);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        _guard = Process.Start(start)!;
        _processId = int.Parse(
            (await _guard.StandardOutput.ReadLineAsync())!,
            System.Globalization.CultureInfo.InvariantCulture
        );
        await WaitUntilItAnswersAsync();
    }

    private async Task WaitUntilItAnswersAsync()
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                if (await ScalarAsync(null, "select @@datadir") is string data && data.TrimEnd('/') == DataDirectory)
                    return;
                throw new InvalidOperationException(
                    $"Another server answers on port {Port}, which was free when {_program.Name} was started."
                );
            }
            catch (MySqlException)
                when (Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30)
                    && Directory.Exists($"/proc/{_processId}")
                )
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
            catch (MySqlException e)
            {
                throw new InvalidOperationException(
                    $"{_program.Name} did not start: {e.Message} Its log:\n{await File.ReadAllTextAsync(LogFile)}",
                    e
                );
            }
        }
    }
}
