using System.Text.RegularExpressions;
using Xunit;

namespace GroupBuyActors.Architecture;

/// <summary>
/// What a newcomer may rely on when looking for something: SQL is in Store, files are short, folders are capabilities.
/// </summary>
public sealed partial class SourceTests
{
    private const int LinesMax = 400;

    private static readonly string[] CodeFolders = ["src", "tests"];

    private static readonly string[] EmptyNames =
    [
        "Common",
        "Utils",
        "Utilities",
        "Helpers",
        "Models",
        "Services",
        "Managers",
        "Misc",
        "Shared",
        "Core",
    ];

    private static readonly string[] TopLevel =
    [
        ".ci",
        ".config",
        ".csharpierignore",
        ".csharpierrc.yaml",
        ".dockerignore",
        ".editorconfig",
        ".git",
        ".gitattributes",
        ".github",
        ".gitignore",
        "Directory.Build.props",
        "Directory.Packages.props",
        "GroupBuyActors.sln",
        "LICENSE",
        "README.md",
        "deploy",
        "docker-compose.yml",
        "global.json",
        "nuget.config",
        "src",
        "tests",
        // Made by running it or by tools, and not kept.
        "data",
        "TestResults",
        ".vs",
        ".idea",
        ".vscode",
    ];

    // A sample is a service of its own with a database of its own: its SQL is not the product's.
    [Fact]
    public void SqlIsWrittenInStoreAndTheSandboxsBooksOnly() =>
        Claim.NobodyBreaks(
            "SQL belongs in Store, or in the sandbox's books:",
            from file in Repository.Sources("src", "*.cs")
            where
                !Repository.Relative(file).StartsWith("src/GroupBuyActors.Store/", StringComparison.Ordinal)
                && !Repository.Relative(file).StartsWith("src/GroupBuyActors.Sandbox/Books/", StringComparison.Ordinal)
                && !Repository.Relative(file).StartsWith("src/GroupBuyActors.Samples.", StringComparison.Ordinal)
            from line in File.ReadLines(file).Select((text, index) => (Text: text, Number: index + 1))
            where Sql().IsMatch(line.Text)
            select $"{Repository.Relative(file)}:{line.Number}: {line.Text.Trim()}"
        );

    [Fact]
    public void SourceFilesStayShort() =>
        Claim.NobodyBreaks(
            "Too long to be read at one sitting:",
            from file in Repository.Sources("src", "*.cs")
            let name = Repository.Relative(file)
            let lines = File.ReadLines(file).Count()
            where lines > LinesMax
            select $"{name} has {lines} lines, at most {LinesMax}"
        );

    [Fact]
    public void FoldersAreCapabilities() =>
        Claim.NobodyBreaks(
            "Folders that name no capability:",
            Repository
                .Sources("src", "*.cs")
                .Select(file => Repository.Relative(Path.GetDirectoryName(file)!))
                .Distinct()
                .Where(folder => folder.Split('/').Intersect(EmptyNames).Any())
        );

    [Fact]
    public void NothingIsLeftForLater() =>
        Claim.NobodyBreaks(
            "Unfinished:",
            from directory in CodeFolders
            from file in Repository.Sources(directory, "*.cs")
            from line in File.ReadLines(file).Select((text, index) => (Text: text, Number: index + 1))
            where Unfinished().IsMatch(line.Text)
            select $"{Repository.Relative(file)}:{line.Number}: {line.Text.Trim()}"
        );

    [Fact]
    public void VersionsAreWrittenInOnePlace() =>
        Claim.NobodyBreaks(
            "Versions belong in Directory.Packages.props:",
            from directory in CodeFolders
            from file in Repository.Sources(directory, "*.csproj")
            where VersionedPackage().IsMatch(File.ReadAllText(file))
            select Repository.Relative(file)
        );

    [Fact]
    public void TheSolutionHoldsEveryProject()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "GroupBuyActors.sln")).Replace('\\', '/');
        Claim.NobodyBreaks(
            "Not in GroupBuyActors.sln:",
            CodeFolders
                .SelectMany(folder => Repository.Sources(folder, "*.csproj"))
                .Select(Repository.Relative)
                .Where(project => !solution.Contains(project, StringComparison.Ordinal))
        );
    }

    /// <summary>
    /// The image restores before it copies the sources: a project that is missing there breaks only its build.
    /// </summary>
    [Fact]
    public void TheImageRestoresEveryProjectOfTheSilo()
    {
        var image = File.ReadAllText(Path.Combine(Repository.Root, "deploy", "Dockerfile"));
        Claim.NobodyBreaks(
            "deploy/Dockerfile does not copy the project file of:",
            Reached("GroupBuyActors.Silo")
                .Where(name => !image.Contains($"COPY src/{name}/*.csproj", StringComparison.Ordinal))
        );
    }

    private static IEnumerable<string> Reached(string project) =>
        new Project(project).ProjectReferences().SelectMany(Reached).Append(project).Distinct();

    /// <summary>Every package is there for a reason that a reader can find.</summary>
    [Fact]
    public void EveryPackageHasItsReason()
    {
        var reasons = File.ReadAllText(Path.Combine(Repository.Root, "src", "README.md"));
        Claim.NobodyBreaks(
            "No reason in src/README.md for:",
            Project
                .All.SelectMany(project => project.PackageReferences())
                .Distinct()
                .Where(package => !reasons.Contains($"`{package}`", StringComparison.Ordinal))
        );
    }

    /// <summary>What lies at the top of the repository, so that nothing is dropped there unnoticed.</summary>
    [Fact]
    public void TheTopLevelHoldsWhatItAlwaysHeld() =>
        Claim.NobodyBreaks(
            "New at the top level (add it here on purpose, or put it where it belongs):",
            Directory
                .EnumerateFileSystemEntries(Repository.Root)
                .Select(entry => Path.GetFileName(entry))
                .Except(TopLevel)
                .Where(name => !name.EndsWith(".user", StringComparison.Ordinal))
        );

    // A statement at the start of a string literal, or at the start of a line of a raw one.
    [GeneratedRegex(
        """("|^)\s*(insert\s+into\s|insert\s+ignore\s|replace\s+into\s|select\s+[\w@*(.]+.*\sfrom\s|"""
            + """update\s+\w+\s+set\s|delete\s+from\s|create\s+table\s|alter\s+table\s|pragma\s+\w)""",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Sql();

    [GeneratedRegex(@"\bTO" + @"DO\b|\bFIX" + @"ME\b|\bHA" + @"CK\b|NotImplemented" + @"Exception")]
    private static partial Regex Unfinished();

    [GeneratedRegex("""<PackageReference[^>]*\sVersion=""")]
    private static partial Regex VersionedPackage();
}
