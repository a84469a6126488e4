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
}
