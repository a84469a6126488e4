using GroupBuyActors.Events;

namespace GroupBuyActors.Client;

/// <summary>
/// The JSON Schemas (draft 7) of all events' data, which are also files <c>schemas/{type}.v{version}.schema.json</c> of
/// this package. Within a version properties are only added, never removed or changed.
/// </summary>
public static class GroupEventSchemas
{
    /// <summary>The file name of an event's schema, such as <c>order.placed.v1.schema.json</c>.</summary>
    public static string FileName(string type, int version = 1) => $"{type}.v{version}.schema.json";

    /// <summary>
    /// The text of an event's schema; throws <see cref="UnknownEventException"/> if this release has none.
    /// </summary>
    public static string Read(string type, int version = 1)
    {
        var name = FileName(type, version);
        using var file =
            typeof(GroupEventSchemas).Assembly.GetManifestResourceStream(name)
            ?? throw new UnknownEventException($"This release has no schema for {name}.");
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }
}
