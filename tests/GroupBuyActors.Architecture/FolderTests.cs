using Xunit;

namespace GroupBuyActors.Architecture;

/// <summary>
/// Folders of a project build on each other in one direction, so that one can be read, and changed, without those that
/// build on it.
/// </summary>
public sealed class FolderTests
{
    /// <summary>What names against the direction, and should not. It only shrinks.</summary>
    private static readonly Dictionary<string, string[]> Against = new()
    {
        ["GroupBuyActors.Grains"] = ["Tasks → Groups", "Tasks → Membership", "Relay → Groups"],
    };

    public static TheoryData<string> Rooms => [.. Room.All.Select(room => room.Name)];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void FoldersMakeNoCycles(string room)
    {
        var against = Against.GetValueOrDefault(room, []);
        var along = Folders.Of(new Room(room)).Where(one => !against.Contains(one.Edge)).ToList();
        var cycle = Folders.WidestCycle(along);
        Claim.NobodyBreaks(
            $"Folders of {room} that build on each other in a circle ({string.Join(", ", cycle)}):",
            along
                .Where(one => cycle.Contains(one.From) && cycle.Contains(one.To))
                .Select(one => $"{one.Edge}: {string.Join(", ", one.By)}")
        );
    }

    [Theory]
    [MemberData(nameof(Rooms))]
    public void WhatIsAllowedAgainstTheDirectionIsThereStill(string room) =>
        Claim.NobodyBreaks(
            "Gone; take it off the list:",
            Against.GetValueOrDefault(room, []).Except(Folders.Of(new Room(room)).Select(one => one.Edge))
        );
}
