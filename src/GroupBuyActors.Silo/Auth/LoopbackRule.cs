using System.Net;

namespace GroupBuyActors.Silo.Auth;

/// <summary>The rule that a service in mode Open must not be reachable from other machines.</summary>
internal static class LoopbackRule
{
    /// <summary>The message for addresses that are not loopback addresses.</summary>
    public static string Message(string addresses) =>
        $"Open serves loopback addresses only, and {addresses} is not one; set GroupBuy__Auth__Mode=ApiKey or "
        + "bind to 127.0.0.1";

    /// <summary>The addresses that are not loopback addresses, as written.</summary>
    public static IReadOnlyList<string> NonLoopback(IEnumerable<string> urls) =>
        [.. urls.Where(url => !IsLoopback(url))];

    private static bool IsLoopback(string url)
    {
        BindingAddress address;
        try
        {
            address = BindingAddress.Parse(url);
        }
        catch (FormatException)
        {
            return false;
        }

        if (address.IsUnixPipe || address.IsNamedPipe)
            return true;
        var host = address.Host.Trim('[', ']');
        return host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host, out var ip) && IPAddress.IsLoopback(ip));
    }
}
