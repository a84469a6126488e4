using System.Runtime.CompilerServices;

namespace GroupBuyActors.Architecture;

/// <summary>The repository as files: where it is, and which of its files people wrote.</summary>
internal static class Repository
{
    /// <summary>The directory that holds <c>Directory.Packages.props</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The configuration this test was built in: the projects beside it were built in the same.</summary>
    public static string Configuration { get; } =
        AppContext.BaseDirectory.Contains(
            $"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}",
            StringComparison.Ordinal
        )
            ? "Release"
            : "Debug";

    /// <summary>Source files of a directory, without what builds leave behind.</summary>
    public static IEnumerable<string> Sources(string directory, string pattern) =>
        Directory
            .EnumerateFiles(Path.Combine(Root, directory), pattern, SearchOption.AllDirectories)
            .Where(file => !IsBuildOutput(file))
            .Order(StringComparer.Ordinal);

    /// <summary>A path as people name it.</summary>
    public static string Relative(string file) => Path.GetRelativePath(Root, file).Replace('\\', '/');

    private static bool IsBuildOutput(string file) =>
        Relative(file).Split('/').Any(part => part is "bin" or "obj" or "TestResults");

    private static string FindRoot([CallerFilePath] string here = "")
    {
        foreach (var start in new[] { AppContext.BaseDirectory, Path.GetDirectoryName(here)! })
            for (var directory = new DirectoryInfo(start); directory is not null; directory = directory.Parent)
                if (File.Exists(Path.Combine(directory.FullName, "Directory.Packages.props")))
                    return directory.FullName;
        throw new InvalidOperationException("The repository was not found above the test.");
    }
}
