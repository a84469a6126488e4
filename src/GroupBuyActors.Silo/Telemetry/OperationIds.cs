using System.Text;

namespace GroupBuyActors.Silo.Telemetry;

/// <summary>
/// Names operations for clients that are generated from the description: <c>POST /v1/groups/{groupId}/end-joining</c>
/// is <c>postGroupsByGroupIdEndJoining</c>. Derived from the route, so that a name changes only with it.
/// </summary>
internal static class OperationIds
{
    private const string Version = "v1";

    public static string Of(string method, string path)
    {
        var id = new StringBuilder(method.ToLowerInvariant());
        foreach (var segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (segment == Version)
                continue;
            if (segment.StartsWith('{'))
                id.Append("By");
            foreach (var word in segment.Trim('{', '}').Split('-', '.'))
                id.Append(char.ToUpperInvariant(word[0])).Append(word, 1, word.Length - 1);
        }

        return id.ToString();
    }
}
