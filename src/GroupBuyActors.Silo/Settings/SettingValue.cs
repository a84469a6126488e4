using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using GroupBuyActors.Events;

namespace GroupBuyActors.Silo.Settings;

/// <summary>
/// Converts a setting to its type: by the configuration binder, except for the few types that it does not know or
/// parses too leniently.
/// </summary>
internal static class SettingValue
{
    /// <summary>False if the text is not of that type.</summary>
    public static bool TryConvert(IConfigurationSection setting, Type type, [NotNullWhen(true)] out object? value)
    {
        var bare = Nullable.GetUnderlyingType(type) ?? type;
        if (bare == typeof(TimeSpan))
            value = Duration(setting.Value, isZeroAllowed: bare != type);
        else if (bare.IsEnum)
            value = Words(bare).GetValueOrDefault(setting.Value ?? "");
        else if (bare == typeof(Uri))
            value = Uri.TryCreate(setting.Value, UriKind.Absolute, out var address) ? address : null;
        else if (bare == typeof(IPAddress))
            value = Address(setting.Value);
        else if (bare == typeof(IReadOnlyList<string>))
            value = List(setting);
        else
            value = Bound(setting, bare);
        return value is not null;
    }

    /// <summary>
    /// The message of what the text must be; an address is not repeated because it may contain a secret.
    /// </summary>
    public static string Expected(Type type, RangeAttribute? bounds, string? text)
    {
        var bare = Nullable.GetUnderlyingType(type) ?? type;
        if (bare == typeof(Uri))
            return "must be an address such as https://stock.example.com/v1";
        if (bare == typeof(IPAddress))
            return $"must be an IP address or a name that can be resolved, not '{text}'";
        var expected =
            bounds is not null ? $"a whole number between {bounds.Minimum} and {bounds.Maximum}"
            : bare == typeof(TimeSpan) ? "a duration such as 00:00:02 or PT2S"
            : bare == typeof(bool) ? "true or false"
            : bare.IsEnum ? $"one of {string.Join(", ", Words(bare).Keys)}"
            : bare.IsPrimitive ? "a whole number"
            : "a section of settings";
        return $"must be {expected}, not '{text}'";
    }

    private static object? Bound(IConfigurationSection setting, Type type)
    {
        try
        {
            return setting.Get(type, options => options.ErrorOnUnknownConfiguration = true);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    // The binder does not parse ISO 8601. A nullable duration may be zero. A number without a unit other than 0 is
    // refused: TimeSpan reads it as days.
    private static TimeSpan? Duration(string? text, bool isZeroAllowed)
    {
        if (
            !IsoDurationConverter.TryParse(text ?? "", out var value)
            && !(TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value) && HasUnit(text, value))
        )
            return null;
        return value > TimeSpan.Zero || (isZeroAllowed && value == TimeSpan.Zero) ? value : null;
    }

    private static bool HasUnit(string text, TimeSpan value) =>
        value == TimeSpan.Zero || text.Contains(':', StringComparison.Ordinal);

    // The binder also accepts numbers. The names are those of the API if the enumeration has any.
    private static Dictionary<string, object> Words(Type type) =>
        Enum.GetValues(type)
            .Cast<object>()
            .ToDictionary(
                value =>
                    JsonSerializer.SerializeToElement(value, type) is { ValueKind: JsonValueKind.String } word
                        ? word.GetString()!
                        : value.ToString()!,
                StringComparer.OrdinalIgnoreCase
            );

    // A text with commas, or an array.
    private static List<string>? List(IConfigurationSection setting)
    {
        IEnumerable<string> texts = string.IsNullOrEmpty(setting.Value)
            ? setting.GetChildren().Select(child => child.Value ?? "")
            : [setting.Value];
        return
        [
            .. texts.SelectMany(text =>
                text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            ),
        ];
    }

    // Usually a container's own host name; the first IPv4 address of a name is used.
    private static IPAddress? Address(string? text)
    {
        if (IPAddress.TryParse(text, out var address))
            return address;
        try
        {
            return Dns.GetHostAddresses(text ?? "")
                .OrderByDescending(found => found.AddressFamily == AddressFamily.InterNetwork)
                .FirstOrDefault();
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            return null;
        }
    }
}
