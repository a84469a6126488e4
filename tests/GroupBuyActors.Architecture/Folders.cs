using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace GroupBuyActors.Architecture;

/// <summary>One folder whose types name types of another.</summary>
/// <param name="From">The folder that names.</param>
/// <param name="To">The folder that is named.</param>
/// <param name="By">Which types name which.</param>
internal sealed record FolderReference(string From, string To, IReadOnlyList<string> By)
{
    public string Edge => $"{From} → {To}";
}

/// <summary>
/// Which folders of a project name which others. A folder is a namespace right below the project's, with all below it.
/// What stands at the top of a project puts it together and may name all; so that is left out.
/// </summary>
internal static class Folders
{
    public static IReadOnlyList<FolderReference> Of(Project project)
    {
        using var file = File.OpenRead(project.Assembly());
        using var image = new PEReader(file);
        var metadata = image.GetMetadataReader();
        var names = new CompiledNames(metadata, address => image.GetMethodBody(address).GetILBytes());
        return
        [
            .. names
                .Find()
                .Select(pair => (From: metadata.GetTypeDefinition(pair.From), To: metadata.GetTypeDefinition(pair.To)))
                .GroupBy(pair => (From: FolderOf(pair.From), To: FolderOf(pair.To)), By)
                .Where(edge => edge.Key is { From: not null, To: not null } && edge.Key.From != edge.Key.To)
                .Select(edge => new FolderReference(
                    edge.Key.From!,
                    edge.Key.To!,
                    [.. edge.Distinct().Order(StringComparer.Ordinal)]
                )),
        ];

        string By((TypeDefinition From, TypeDefinition To) pair) =>
            $"{metadata.GetString(pair.From.Name)} → {metadata.GetString(pair.To.Name)}";

        string? FolderOf(TypeDefinition type) => Folder(project.Name, metadata.GetString(type.Namespace));
    }

    /// <summary>The folders that each reach each other: the widest such set, or none.</summary>
    public static IReadOnlyCollection<string> WidestCycle(IReadOnlyCollection<FolderReference> references)
    {
        var reached = references.Select(one => one.From).Distinct().ToDictionary(one => one, one => Reach(one));
        return reached
            .Select(one => one.Value.Where(to => reached.TryGetValue(to, out var back) && back.Contains(one.Key)))
            .Select(cycle => cycle.Order(StringComparer.Ordinal).ToArray())
            .OrderByDescending(cycle => cycle.Length)
            .FirstOrDefault([]);

        HashSet<string> Reach(string from)
        {
            var (seen, open) = (new HashSet<string>(), new Queue<string>([from]));
            while (open.TryDequeue(out var next))
                foreach (var one in references.Where(one => one.From == next && seen.Add(one.To)))
                    open.Enqueue(one.To);
            return seen;
        }
    }

    /// <summary>Null for what stands at the top, and for what a compiler or generator made.</summary>
    private static string? Folder(string project, string @namespace)
    {
        const string Product = "GroupBuyActors";
        var own = @namespace == project || @namespace.StartsWith($"{project}.", StringComparison.Ordinal);
        var root = own ? project : Product;
        return @namespace.StartsWith($"{root}.", StringComparison.Ordinal)
            ? @namespace[(root.Length + 1)..].Split('.')[0]
            : null;
    }
}
