using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace GroupBuyActors.Architecture;

/// <summary>
/// A project of <c>src/</c>: what it says it depends on, and what its compiled assembly does depend on.
/// </summary>
internal sealed record Project(string Name)
{
    private string Directory => Path.Combine(Repository.Root, "src", Name);

    /// <summary>Every project of src/.</summary>
    public static IReadOnlyList<Project> All { get; } =
    [
        .. System
            .IO.Directory.EnumerateDirectories(Path.Combine(Repository.Root, "src"))
            .Select(directory => new Project(Path.GetFileName(directory)))
            .OrderBy(project => project.Name, StringComparer.Ordinal),
    ];

    /// <summary>Projects named by its project file.</summary>
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
                var owner = $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
                return $"{owner}.{metadata.GetString(member.Name)}";
            })
            .ToList();
    }

    /// <summary>Types of one other assembly that its compiled code names.</summary>
    public IReadOnlyList<string> TypeReferences(string assembly)
    {
        using var file = File.OpenRead(Assembly());
        using var image = new PEReader(file);
        var metadata = image.GetMetadataReader();
        return metadata
            .TypeReferences.Select(metadata.GetTypeReference)
            .Where(type => type.ResolutionScope.Kind == HandleKind.AssemblyReference)
            .Where(type => AssemblyOf(type) == assembly)
            .Select(type => $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}")
            .ToList();

        string AssemblyOf(TypeReference type) =>
            metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name);
    }

    /// <summary>Its own types that everybody sees, without what was generated for the actor runtime.</summary>
    public IReadOnlyList<string> PublicTypes()
    {
        using var file = File.OpenRead(Assembly());
        using var image = new PEReader(file);
        var metadata = image.GetMetadataReader();
        return metadata
            .TypeDefinitions.Select(metadata.GetTypeDefinition)
            .Where(type => (type.Attributes & TypeAttributes.VisibilityMask) == TypeAttributes.Public)
            .Where(type => !metadata.GetString(type.Namespace).StartsWith("OrleansCodeGen", StringComparison.Ordinal))
            .Select(type => metadata.GetString(type.Name))
            .ToList();
    }

    /// <summary>
    /// Names of its own types, members and parameters without their namespace, and every text that its code holds.
    /// </summary>
    public IReadOnlyList<string> OwnWords()
    {
        using var file = File.OpenRead(Assembly());
        using var image = new PEReader(file);
        var metadata = image.GetMetadataReader();
        var words = new List<string>();
        words.AddRange(metadata.TypeDefinitions.Select(type => Text(metadata.GetTypeDefinition(type).Name)));
        words.AddRange(metadata.MethodDefinitions.Select(method => Text(metadata.GetMethodDefinition(method).Name)));
        words.AddRange(metadata.FieldDefinitions.Select(field => Text(metadata.GetFieldDefinition(field).Name)));
        words.AddRange(metadata.PropertyDefinitions.Select(one => Text(metadata.GetPropertyDefinition(one).Name)));
        foreach (var method in metadata.MethodDefinitions.Select(metadata.GetMethodDefinition))
            words.AddRange(method.GetParameters().Select(one => Text(metadata.GetParameter(one).Name)));
        for (var text = MetadataTokens.UserStringHandle(1); !text.IsNil; text = metadata.GetNextHandle(text))
            words.Add(metadata.GetUserString(text));
        return words;

        string Text(StringHandle handle) => metadata.GetString(handle);
    }

    public override string ToString() => Name;

    public string Assembly()
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
