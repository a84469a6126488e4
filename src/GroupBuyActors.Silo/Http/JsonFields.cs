using System.Runtime.InteropServices;
using System.Text.Json;
using GroupBuyActors.Events;

namespace GroupBuyActors.Silo.Http;

/// <summary>
/// Reads a JSON object field by field and collects all faults instead of stopping at the first. A field that is missing
/// or null is absent; a faulty one is read as absent, too. Other members are ignored.
/// </summary>
internal sealed class JsonFields
{
    private readonly JsonElement _object;
    private readonly string _prefix;
    private readonly FieldErrors _errors;

    private JsonFields(JsonElement element, string prefix, FieldErrors errors)
    {
        _object = element;
        _prefix = prefix;
        _errors = errors;
    }

    /// <summary>
    /// The fields of a body; a missing body, unless optional, or one that is no object is a fault of the body.
    /// </summary>
    public static JsonFields Of(JsonElement? body, FieldErrors errors, bool optional = false)
    {
        if (body is { ValueKind: JsonValueKind.Object } element)
            return new JsonFields(element, "", errors);
        if (body is not null || !optional)
            errors.Add(FieldErrors.Body, "The body must be a JSON object.");
        return new JsonFields(default, "", errors);
    }

    /// <summary>Adds a fault for each of these fields that is absent.</summary>
    public JsonFields Require(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (_object.ValueKind == JsonValueKind.Object && Find(name) is null)
                Fault(name, "This field is required.");
        return this;
    }

    /// <summary>
    /// Adds a fault for each other member, because a misspelt setting would silently keep its default.
    /// </summary>
    public void Allow(string first, IReadOnlyList<string> others)
    {
        if (_object.ValueKind != JsonValueKind.Object)
            return;
        foreach (var member in _object.EnumerateObject())
            if (member.Name != first && !others.Contains(member.Name))
                Fault(
                    member.Name,
                    $"This field is unknown; the known fields are {first}, {string.Join(", ", others)}."
                );
    }

    public string? Text(string name)
    {
        if (Find(name) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.String)
            return Fault<string>(name, "The value must be a string.");
        // The fault of a text that is not valid Unicode was added when the body was read.
        return JsonTexts.IsUnicode(JsonMarshal.GetRawUtf8Value(value)) ? value.GetString() : null;
    }

    public int? Int32(string name)
    {
        if (Find(name) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
            ? number
            : FaultValue<int>(name, "The value must be a 32-bit whole number.");
    }

    public long? Int64(string name)
    {
        if (Find(name) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)
            ? number
            : FaultValue<long>(name, "The value must be a 64-bit whole number.");
    }

    public double? Number(string name)
    {
        if (Find(name) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number)
            ? number
            : FaultValue<double>(name, "The value must be a number.");
    }

    public bool? Boolean(string name) =>
        Find(name)?.ValueKind switch
        {
            null => null,
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => FaultValue<bool>(name, "The value must be true or false."),
        };

    public TimeSpan? Duration(string name)
    {
        if (Find(name) is null)
            return null;
        return Text(name) is { } text
            ? IsoDurationConverter.TryParse(text, out var value)
                ? value
                : FaultValue<TimeSpan>(
                    name,
                    "The value must be an ISO 8601 duration without years and months, for example PT30M or P30D."
                )
            : null;
    }

    public DateTimeOffset? Instant(string name)
    {
        if (Find(name) is not { } value || Text(name) is not { } text)
            return null;
        return HasOffset(text) && value.TryGetDateTimeOffset(out var instant)
            ? instant
            : FaultValue<DateTimeOffset>(
                name,
                "A time must be in ISO 8601 format with an offset, for example 2026-11-23T14:00:00.000Z."
            );
    }

    /// <summary>One of the JSON names of an enumeration, case-sensitive.</summary>
    public T? Choice<T>(string name)
        where T : struct, Enum
    {
        if (Find(name) is null || Text(name) is not { } text)
            return null;
        return JsonNames<T>.TryParse(text, out var value)
            ? value
            : FaultValue<T>(name, $"The value must be one of {JsonNames<T>.All}.");
    }

    /// <summary>The fields of an object in a field; null if it is absent or faulty.</summary>
    public JsonFields? Object(string name)
    {
        if (Find(name) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.Object
            ? new JsonFields(value, _prefix + name + ".", _errors)
            : Fault<JsonFields>(name, "The value must be an object.");
    }

    public void Fault(string name, string text) => _errors.Add(_prefix + name, text);

    private T? Fault<T>(string name, string text)
        where T : class
    {
        Fault(name, text);
        return null;
    }

    private T? FaultValue<T>(string name, string text)
        where T : struct
    {
        Fault(name, text);
        return null;
    }

    private JsonElement? Find(string name) =>
        _object.ValueKind == JsonValueKind.Object
        && _object.TryGetProperty(name, out var value)
        && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    private static bool HasOffset(string text) =>
        text.EndsWith('Z') || (text.Length > 6 && text[^6] is '+' or '-' && text[^3] == ':');
}

/// <summary>The JSON names of an enumeration's values.</summary>
internal static class JsonNames<T>
    where T : struct, Enum
{
    private static readonly Dictionary<string, T> Values = Enum.GetValues<T>().ToDictionary(Of, StringComparer.Ordinal);

    public static string All { get; } = string.Join(", ", Values.Keys);

    public static string Of(T value) => JsonSerializer.SerializeToElement(value).GetString()!;

    public static bool TryParse(string text, out T value) => Values.TryGetValue(text, out value);
}
