using System.Diagnostics;
using System.Runtime.InteropServices;

namespace GroupBuyActors.Testing;

/// <summary>
/// The program behind a private server: the system's MariaDB, or a MySQL that is unpacked in a folder of its own.
/// </summary>
internal abstract class ServerProgram
{
    /// <summary>
    /// Names the folder of an unpacked MySQL server, as <c>tests/fetch-mysql</c> prints it; without it MariaDB is used.
    /// </summary>
    public const string MySqlRootVariable = "GROUPBUY_TEST_MYSQL_ROOT";

    /// <summary>The name in messages.</summary>
    public abstract string Name { get; }

    /// <summary>The server and the arguments that it cannot do without.</summary>
    public abstract IReadOnlyList<string> Command { get; }

    /// <summary>The program that prints a binlog as text.</summary>
    public abstract IReadOnlyList<string> BinlogReader { get; }

    /// <summary>The one that this run is to use.</summary>
    public static ServerProgram Chosen() =>
        Environment.GetEnvironmentVariable(MySqlRootVariable) is { Length: > 0 } root
            ? new MySqlProgram(root)
            : new MariaDbProgram();

    /// <summary>Makes an empty data directory; temporary tables lie in a directory of this server alone.</summary>
    public abstract Task InstallAsync(string dataDirectory, string temporaryDirectory);

    /// <summary>
    /// Statements, one a line, after which the user is there with all rights; they are run at every start.
    /// </summary>
    public abstract string MakeUser(string name, string password);

    /// <summary>Runs a program to its end; what it printed is in the exception where it fails.</summary>
    protected static async Task RunAsync(IEnumerable<string> command)
    {
        var parts = command.ToList();
        var start = new ProcessStartInfo(parts[0], parts[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{string.Join(' ', parts)} failed: {output}{await error}");
    }
}

/// <summary>MariaDB as the system has it installed.</summary>
internal sealed class MariaDbProgram : ServerProgram
{
    public override string Name => "mariadbd";

    public override IReadOnlyList<string> Command => [Find("mariadbd"), "--no-defaults"];

    public override IReadOnlyList<string> BinlogReader => [Find("mariadb-binlog")];

    public override Task InstallAsync(string dataDirectory, string temporaryDirectory) =>
        RunAsync([
            Find("mariadb-install-db"),
            "--no-defaults",
            $"--datadir={dataDirectory}",
            $"--tmpdir={temporaryDirectory}",
            "--user=root",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ]);

    public override string MakeUser(string name, string password) =>
        $"create or replace user '{name}'@'%' identified by '{password}';\ngrant all on *.* to '{name}'@'%' "
        + "with grant option;\n";

    private static string Find(string program)
    {
        string[] directories =
        [
            .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'),
            "/usr/sbin",
            "/usr/local/sbin",
        ];
        return directories.Select(d => Path.Combine(d, program)).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException(
                $"{program} is not installed: install mariadb-server, or set "
                    + $"{MariaDbServer.ExistingServerVariable} to a server's connection string."
            );
    }
}

/// <summary>
/// A MySQL server of another release of the system: it brings the loader and the libraries that it needs.
/// </summary>
internal sealed class MySqlProgram(string root) : ServerProgram
{
    public override string Name => "mysqld";

    public override IReadOnlyList<string> Command =>
        [
            .. Load("usr/sbin/mysqld"),
            "--no-defaults",
            $"--basedir={root}/usr",
            $"--lc-messages-dir={root}/usr/share/mysql",
            $"--character-sets-dir={root}/usr/share/mysql/charsets",
            $"--plugin-dir={root}/usr/lib/mysql/plugin",
            "--mysqlx=OFF",
            "--secure-file-priv=NULL",
        ];

    public override IReadOnlyList<string> BinlogReader => Load("usr/bin/mysqlbinlog");

    public override Task InstallAsync(string dataDirectory, string temporaryDirectory) =>
        RunAsync([
            .. Command,
            "--initialize-insecure",
            $"--datadir={dataDirectory}",
            $"--tmpdir={temporaryDirectory}",
            "--user=root",
            "--innodb-redo-log-capacity=32M",
        ]);

    public override string MakeUser(string name, string password) =>
        $"create user if not exists '{name}'@'%' identified by '{password}';\ngrant all on *.* to '{name}'@'%' "
        + "with grant option;\n";

    private string[] Load(string program)
    {
        var machine = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "aarch64" : "x86_64";
        var libraries = $"{root}/usr/lib/{machine}-linux-gnu";
        var loader = Directory.Exists(libraries)
            ? Directory.GetFiles(libraries, "ld-linux*.so.*").FirstOrDefault()
            : null;
        if (loader is null)
            throw new InvalidOperationException(
                $"{MySqlRootVariable} names {root}, which is no folder that tests/fetch-mysql made."
            );
        return [loader, "--library-path", $"{libraries}:{root}/usr/lib/mysql/private", $"{root}/{program}"];
    }
}
