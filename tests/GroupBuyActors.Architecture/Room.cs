using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace GroupBuyActors.Architecture;

/// <summary>
/// A project of <c>src/</c>: what it says it depends on, and what its compiled assembly does depend on.
/// </summary>
internal sealed record Room(string Name)
{
    private string Directory => Path.Combine(Repository.Root, "src", Name);

    /// <summary>Every room of the house.</summary>
    public static IReadOnlyList<Room> All { get; } =
    [
        .. System
            .IO.Directory.EnumerateDirectories(Path.Combine(Repository.Root, "src"))
            .Select(directory => new Room(Path.GetFileName(directory)))
            .OrderBy(room => room.Name, StringComparer.Ordinal),
    ];

    /// <summary>Rooms named by its project file.</summary>
    public IReadOnlyList<string> ProjectReferences() =>
        References("ProjectReference")
            .Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')))
            .ToList();

    /// <summary>Packages named by its project file.</summary>
    public IReadOnlyList<string> PackageReferences() => References("PackageReference").ToList();

    /// <summary>Assemblies that its compiled code names.</summary>
    public IReadOnlyList<string> AssemblyReferences()
    {
        using var file = File.OpenRead(Assembly());
        using var image = new PEReader(file);
        var metadata = image.GetMetadataReader();
        return metadata
            .AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))
            .Order(StringComparer.Ordinal)
            .ToList();
    }

    /// <summary>
    /// Types and members of other assemblies that its compiled code names, as <c>Namespace.Type.Member</c>.
    /// </summary>
    public IReadOnlyList<string> MemberReferences()
    {
        using var file = File.OpenRead(Assembly());
        using var image = new PEReader(file);
        var metadata = image.GetMetadataReader();
        return metadata
            .MemberReferences.Select(metadata.GetMemberReference)
            .Where(member => member.Parent.Kind == HandleKind.TypeReference)
            .Select(member =>
            {
                var type = metadata.GetTypeReference((TypeReferenceHandle)member.Parent);
                return $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}.{metadata.GetString(member.Name)}";
            })
            .ToList();
    }

    public override string ToString() => Name;

    private string Assembly()
    {
        var path = Path.Combine(Directory, "bin", Repository.Configuration, "net10.0", $"{Name}.dll");
        return File.Exists(path)
            ? path
            : throw new InvalidOperationException($"{Repository.Relative(path)} is not built.");
    }

    private IEnumerable<string> References(string kind) =>
        XDocument
            .Load(Path.Combine(Directory, $"{Name}.csproj"))
            .Descendants(kind)
            .Select(element => (string)element.Attribute("Include")!);
}
