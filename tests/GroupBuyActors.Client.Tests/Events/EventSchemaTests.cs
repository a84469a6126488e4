using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using GroupBuyActors.Events;
using NJsonSchema;

namespace GroupBuyActors.Client.Tests.Events;

/// <summary>The schemas beside the client describe every event's data: all of it, and nothing that is not so.</summary>
public sealed class EventSchemaTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Schemas");
    private static readonly Dictionary<string, JsonSchema> Schemas = GroupEvents.Names.ToDictionary(
        name => name,
        name => JsonSchema.FromJsonAsync(GroupEventSchemas.Read(name)).GetAwaiter().GetResult()
    );

    /// <summary>What the journal of earlier releases holds, as it is published.</summary>
    private static IEnumerable<(string Type, string Data)> Golden() =>
        from line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Golden", "events.v1.jsonl"))
        let stored = JsonNode.Parse(line)!
        let type = (string)stored["type"]!
        select (
            type,
            System.Text.Encoding.UTF8.GetString(
                GroupEvents.Publish(type, 1, System.Text.Encoding.UTF8.GetBytes(stored["data"]!.ToJsonString())).Span
            )
        );

    public static TheoryData<string, string> Samples => new(Golden());

    [Fact]
    public void EveryEventTypeHasASchemaAndEverySchemaAnEventType()
    {
        var types = typeof(GroupEvent)
            .Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(GroupEvent)) && !type.IsAbstract)
            .ToList();
        Assert.Equal(types.Count, GroupEvents.Names.Count());
        Assert.Equal(
            GroupEvents.Names.Select(name => GroupEventSchemas.FileName(name)).Order(StringComparer.Ordinal),
            Directory.GetFiles(Folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)
        );
        foreach (var name in GroupEvents.Names)
        {
            var text = GroupEventSchemas.Read(name);
            Assert.Equal(File.ReadAllText(Path.Combine(Folder, GroupEventSchemas.FileName(name))), text);
            using var schema = JsonDocument.Parse(text);
            Assert.Equal($"urn:groupbuy:event:{name}:v1", schema.RootElement.GetProperty("$id").GetString());
            Assert.Equal($"groupbuy.{name}.v1", schema.RootElement.GetProperty("title").GetString());
        }

        Assert.Throws<UnknownEventException>(() => GroupEventSchemas.Read("group.teleported"));
        Assert.Throws<UnknownEventException>(() => GroupEventSchemas.Read("group.opened", 2));
    }

    [Fact]
    public void WhatGroupsLiveThroughFitsTheSchemas()
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Lives.Seed}");
        var seen = new HashSet<string>();
        foreach (var happened in Lives.Many(120, Lives.Seed).SelectMany(group => group.Events))
        {
            seen.Add(happened.Type);
            Assert.Empty(Faults(happened.Type, happened.Item.Data.GetRawText()));
        }

        foreach (var (type, data) in Golden())
        {
            seen.Add(type);
            Assert.Empty(Faults(type, data));
        }

        Assert.Equal(GroupEvents.Names.Order(), seen.Order());
    }

    /// <summary>
    /// A schema that takes anything says nothing: what is required is missed, what has another type or value is
    /// refused.
    /// </summary>
    [Theory]
    [MemberData(nameof(Samples))]
    public void DataThatLacksSomethingOrIsOfAnotherKindDoesNotFit(string type, string data)
    {
        Assert.NotEmpty(Faults(type, "[]"));
        foreach (var path in Paths(JsonNode.Parse(data)!.AsObject(), []))
        {
            var place = string.Join('.', path);
            if (IsRequired(type, path))
                Assert.True(
                    Faults(type, Changed(data, path, (parent, name) => parent.Remove(name))).Count > 0,
                    $"{type} without {place} fits."
                );
            Assert.True(
                Faults(type, Changed(data, path, (parent, name) => parent[name] = new JsonArray())).Count > 0,
                $"{type} with a list as {place} fits."
            );
            if (Leaf(data, path) is { } leaf && leaf.GetValueKind() == JsonValueKind.String && !IsFree(path[^1]))
                Assert.True(
                    Faults(type, Changed(data, path, (parent, name) => parent[name] = "no such value")).Count > 0,
                    $"{type} with any text as {place} fits."
                );
            if (Leaf(data, path) is { } number && number.GetValueKind() == JsonValueKind.Number)
            {
                Assert.True(
                    Faults(type, Changed(data, path, (parent, name) => parent[name] = -1)).Count > 0,
                    $"{type} with -1 as {place} fits."
                );
                Assert.True(
                    Faults(type, Changed(data, path, (parent, name) => parent[name] = 1.5)).Count > 0,
                    $"{type} with 1.5 as {place} fits."
                );
            }
        }
    }

    /// <summary>Events grow by properties; who validates must not refuse them.</summary>
    [Theory]
    [MemberData(nameof(Samples))]
    public void PropertiesOfLaterReleasesAreAllowed(string type, string data) =>
        Assert.Empty(
            Faults(type, Changed(data, ["later"], (parent, name) => parent[name] = new JsonObject { ["a"] = 1 }))
        );

    /// <summary>
    /// Every property of the event types, nested ones too, is described: found by reflection, so that a new one is not
    /// forgotten.
    /// </summary>
    [Theory]
    [MemberData(nameof(Samples))]
    public void EveryPropertyOfTheEventIsDescribed(string type, string data)
    {
        var happened = GroupEvents.Deserialize(type, 1, System.Text.Encoding.UTF8.GetBytes(data));
        Described(happened.GetType(), Schemas[type], type);

        static void Described(Type shape, JsonSchema schema, string place)
        {
            foreach (var property in shape.GetProperties(BindingFlags.Public | BindingFlags.Instance))
            {
                if (property.GetCustomAttribute<System.Text.Json.Serialization.JsonIgnoreAttribute>() is not null)
                    continue;
                // In the journal alone: what is published must not have it, whatever a reader would do with it.
                if (property.PropertyType == typeof(VoucherCode?))
                    continue;
                var name = JsonNamingPolicy.CamelCase.ConvertName(property.Name);
                Assert.True(
                    schema.Properties.TryGetValue(name, out var described),
                    $"{place}.{name} is not described."
                );
                Assert.False(string.IsNullOrEmpty(described!.Description), $"{place}.{name} has no words.");
                var isMandatory =
                    new NullabilityInfoContext().Create(property).WriteState == NullabilityState.NotNull
                    || (property.PropertyType.IsValueType && Nullable.GetUnderlyingType(property.PropertyType) is null);
                if (property.Name == nameof(VoucherIssued.VoucherTail))
                    isMandatory = true;
                if (place != "group.publishing.offer")
                    Assert.Equal(isMandatory || property.SetMethod is null, described.IsRequired);
                if (
                    property.PropertyType == typeof(Money)
                    || property.PropertyType.Namespace == "GroupBuyActors.Groups" && property.PropertyType.IsClass
                )
                {
                    if (property.PropertyType != typeof(Money))
                        Described(property.PropertyType, described, $"{place}.{name}");
                    else
                        Assert.Equal(["amount", "currency"], described.RequiredProperties.Order());
                }
            }
        }
    }

    private static ICollection<NJsonSchema.Validation.ValidationError> Faults(string type, string data) =>
        Schemas[type].Validate(data);

    private static bool IsFree(string name) => name is "title" or "sku" or "userId" or "paymentId" or "note" or "kind";

    private static bool IsRequired(string type, string[] path)
    {
        var schema = Schemas[type];
        for (var i = 0; i < path.Length - 1; i++)
            schema = schema.Properties[path[i]];
        return schema.Properties[path[^1]].IsRequired;
    }

    private static IEnumerable<string[]> Paths(JsonObject value, string[] above)
    {
        foreach (var (name, inner) in value)
        {
            string[] path = [.. above, name];
            yield return path;
            if (inner is JsonObject nested)
                foreach (var deeper in Paths(nested, path))
                    yield return deeper;
        }
    }

    private static JsonNode? Leaf(string data, string[] path)
    {
        JsonNode? at = JsonNode.Parse(data);
        foreach (var name in path)
            at = at![name];
        return at is JsonObject ? null : at;
    }

    private static string Changed(string data, string[] path, Action<JsonObject, string> change)
    {
        var root = JsonNode.Parse(data)!.AsObject();
        var parent = root;
        foreach (var name in path[..^1])
            parent = parent[name]!.AsObject();
        change(parent, path[^1]);
        return root.ToJsonString();
    }
}
