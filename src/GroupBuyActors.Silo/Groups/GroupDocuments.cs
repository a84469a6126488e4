using GroupBuyActors.Client;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Silo.Groups;

/// <summary>Maps groups to documents of the API.</summary>
internal static class GroupDocuments
{
    public static GroupDocument Of(GroupView view) => Documents.Of(view);

    public static string Location(GroupView view) => $"/v1/groups/{view.GroupId}";
}
