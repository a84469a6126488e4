using Xunit;

namespace GroupBuyActors.Architecture;

/// <summary>
/// Folders of a project build on each other in one direction, so that one can be read, and changed, without those that
/// build on it.
/// </summary>
public sealed class FolderTests
{
    public static TheoryData<string> Projects => [.. Project.All.Select(project => project.Name)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void FoldersMakeNoCycles(string project)
    {
        var references = Folders.Of(new Project(project));
        var cycle = Folders.WidestCycle(references);
        Claim.NobodyBreaks(
            $"Folders of {project} that build on each other in a circle ({string.Join(", ", cycle)}):",
            references
                .Where(one => cycle.Contains(one.From) && cycle.Contains(one.To))
                .Select(one => $"{one.Edge}: {string.Join(", ", one.By)}")
        );
    }

    /// <summary>Folders of tests that are about no single folder of the source, or hold what tests need.</summary>
    private static readonly string[] TestFolders = ["Client", "Fuzzing", "Golden", "Setting", "Simulation"];

    [Theory]
    [InlineData("Domain")]
    [InlineData("Durability")]
    [InlineData("Grains")]
    [InlineData("Silo")]
    [InlineData("Store")]
    public void TestFoldersFollowTheSources(string project)
    {
        var tests = Path.Combine("tests", $"GroupBuyActors.{project}.Tests");
        var folders = Repository
            .Sources("src", "*.cs")
            .Select(file => Repository.Relative(file).Split('/'))
            .Where(parts => parts.Length > 3)
            .Select(parts => parts[2])
            .Concat(TestFolders)
            .ToHashSet();
        Claim.NobodyBreaks(
            "Tests belong in the folder that is named as the folder of what they test:",
            Repository
                .Sources(tests, "*Tests.cs")
                .Select(Repository.Relative)
                .Where(file => file.Split('/') is not [_, _, var folder, _, ..] || !folders.Contains(folder))
        );
    }
}
