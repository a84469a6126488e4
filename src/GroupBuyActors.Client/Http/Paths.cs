using System.Globalization;
using System.Text;
using System.Text.Json;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Client;

/// <summary>Builds relative addresses of the API.</summary>
internal static class Paths
{
    public static string Group(GroupId group) => $"v1/groups/{group.Value}";

    public static string Order(OrderId order) => $"v1/orders/{order}";

    public static string Redemption(VoucherCode code) => $"v1/vouchers/{code.Value}/redemption";

    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The JSON name of a state, or null.</summary>
    public static string? Name(GroupPhase? phase) =>
        phase is { } value ? JsonSerializer.SerializeToElement(value).GetString() : null;

    /// <summary>A path with the parameters that have a value.</summary>
    public static string Query(string path, params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var text = new StringBuilder(path);
        var separator = '?';
        foreach (var (name, value) in parameters)
        {
            if (value is null)
                continue;
            text.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }

        return text.ToString();
    }
}
