using System.Diagnostics;
using GroupBuyActors.Testing;
using GroupBuyActors.Testing.Silos;

namespace GroupBuyActors.Cluster.Updates;

/// <summary>A change of one source file: a text that is inserted after another, which the file contains once.</summary>
internal sealed record Insertion(string File, string After, string Text);

/// <summary>
/// A release newer than the one under test: the same sources with some lines more, copied and built in a directory of
/// its own, without the network.
/// </summary>
internal sealed class NewerBuild : IDisposable
{
    private static readonly string[] Copied =
    [
        "Directory.Build.props",
        "Directory.Packages.props",
        "global.json",
        ".editorconfig",
    ];

    private readonly string _directory;

    private NewerBuild(string directory) => _directory = directory;

    /// <summary>The silo's assembly.</summary>
    public string Silo =>
        Path.Combine(_directory, "src", "GroupBuyActors.Silo", "bin", "Release", "net10.0", "GroupBuyActors.Silo.dll");

    /// <summary>Copies the sources, changes them and builds the silo.</summary>
    public static async Task<NewerBuild> MakeAsync(IEnumerable<Insertion> insertions)
    {
        var build = new NewerBuild(Directory.CreateTempSubdirectory("groupbuy-newer-").FullName);
        try
        {
            build.CopySources();
            foreach (var insertion in insertions)
                await build.InsertAsync(insertion);
            var silo = Path.Combine("src", "GroupBuyActors.Silo");
            // What is restored here lies in the machine's package folder, from the build of the tests.
            await build.RunAsync("restore", silo, "--locked-mode", $"-p:RestoreSources={build._directory}");
            await build.RunAsync(
                "build",
                silo,
                "-c",
                "Release",
                "--no-restore",
                "-nodeReuse:false",
                "-p:UseSharedCompilation=false",
                "-p:RunAnalyzers=false",
                "-p:GenerateDocumentationFile=false"
            );
            return build;
        }
        catch
        {
            build.Dispose();
            throw;
        }
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private void CopySources()
    {
        foreach (var file in Copied)
            Copy(Path.Combine(SiloBinary.Repository, file));
        var sources = Path.Combine(SiloBinary.Repository, "src");
        foreach (var file in Directory.EnumerateFiles(sources, "*", SearchOption.AllDirectories))
        {
            var folders = Path.GetRelativePath(sources, file).Split(Path.DirectorySeparatorChar);
            if (!folders.Contains("bin") && !folders.Contains("obj"))
                Copy(file);
        }
    }

    private void Copy(string file)
    {
        var copy = Path.Combine(_directory, Path.GetRelativePath(SiloBinary.Repository, file));
        Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
        File.Copy(file, copy);
    }

    private async Task InsertAsync(Insertion insertion)
    {
        var file = Path.Combine(_directory, "src", insertion.File);
        var source = await File.ReadAllTextAsync(file);
        var parts = source.Split(insertion.After);
        if (parts.Length != 2)
            throw new InvalidOperationException(
                $"{insertion.File} contains {parts.Length - 1} times what this test inserts after: {insertion.After}"
            );
        await File.WriteAllTextAsync(file, string.Join(insertion.After + insertion.Text, parts));
    }

    private async Task RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [.. arguments, "-v", "q"])
        {
            WorkingDirectory = _directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(ChildProcess.LeaveNoPipes(start))!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"dotnet {string.Join(' ', arguments)} failed: {output}{await error}");
    }
}
