using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using GroupBuyActors.Events;

namespace GroupBuyActors.Silo.Settings;

/// <summary>
/// One setting as its type: by the configuration's binder, but for the few types that it does not know or reads more
/// loosely than is safe.
/// </summary>
internal static class SettingValue
{
    /// <summary>False where the text is none of that type.</summary>
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

    /// <summary>What the text must be; one that may hold a secret is not repeated.</summary>
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

    // The binder knows one form of two. A duration that may be left out may also be none at all.
    private static TimeSpan? Duration(string? text, bool isZeroAllowed) =>
        (
            IsoDurationConverter.TryParse(text ?? "", out var value)
            || TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value)
        ) && (value > TimeSpan.Zero || (isZeroAllowed && value == TimeSpan.Zero))
            ? value
            : null;

    // The binder takes numbers for words. Words are the API's where it has some for the enumeration.
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

    // One text with commas, or an array.
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

    // A container's own host name is the usual value; the first IPv4 address behind a name is taken.
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
