using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace GroupBuyActors.Integrations.Http;

/// <summary>
/// The hosts that this system may call. An entry is a host (<c>pay.example.com</c>, <c>10.0.0.7</c>, <c>[::1]</c>) or,
/// as <c>*.example.com</c>, every name below one (not that name itself), with a port where only that one is meant. What
/// is on no entry is refused, and so is every scheme but http and https: whoever can name an address to call must not
/// reach what only this machine can.
/// </summary>
public sealed class HostAllowList
{
    private const string AnyBelow = "*.";

    private static readonly SearchValues<char> NotOfHosts = SearchValues.Create("/\\@?#*% \t");

    private const int AnyPort = 0,
        Malformed = -1;

    private readonly Entry[] _entries;

    private HostAllowList(IEnumerable<Entry> entries) => _entries = [.. entries];

    /// <summary>The list of some entries; throws <see cref="FormatException"/> on one that is none.</summary>
    public static HostAllowList Of(params IEnumerable<string> entries) =>
        new(
            entries.Select(text =>
                TryParse(text, out var entry) ? entry : throw new FormatException($"'{text}' is not a valid host.")
            )
        );

    /// <summary>Exactly the hosts and ports of some addresses.</summary>
    public static HostAllowList OfAddresses(IEnumerable<Uri> addresses) =>
        new(addresses.Select(address => new Entry(NameOf(address), address.Port, Below: false)));

    /// <summary>True for a text that can be an entry.</summary>
    public static bool IsEntry(string text) => TryParse(text, out _);

    /// <summary>True where an address may be called.</summary>
    public bool Allows([NotNullWhen(true)] Uri? address)
    {
        if (
            address is not { IsAbsoluteUri: true }
            || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps)
        )
            return false;
        var (name, port) = (NameOf(address), address.Port);
        foreach (var entry in _entries)
            if (entry.Covers(name, port))
                return true;
        return false;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        _entries.Length == 0 ? "none" : string.Join(", ", _entries.Select(entry => entry.ToString()));

    // The same form for all spellings of a name: lower case, letters beyond ASCII as punycode, without the root's dot.
    private static string NameOf(Uri address) => address.IdnHost.TrimEnd('.').ToLowerInvariant();

    // A name is parsed as part of an address, so that entries and addresses are brought to the same form by the same
    // code.
    private static bool TryParse(string text, [NotNullWhen(true)] out Entry? entry)
    {
        entry = null;
        var below = text.StartsWith(AnyBelow, StringComparison.Ordinal);
        var rest = below ? text[AnyBelow.Length..] : text;
        if (
            rest.Length == 0
            || rest.AsSpan().ContainsAny(NotOfHosts)
            || !Uri.TryCreate($"http://{rest}/", UriKind.Absolute, out var address)
        )
            return false;
        if (address.HostNameType == UriHostNameType.Unknown || (below && address.HostNameType != UriHostNameType.Dns))
            return false;
        var port = PortOf(rest);
        if (port == Malformed)
            return false;
        entry = new Entry(NameOf(address), port, below);
        return entry.Name.Length > 0;
    }

    // The address leaves out a port that is the default of its scheme; an entry that names it means it.
    private static int PortOf(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0 || text.EndsWith(']'))
            return AnyPort;
        return
            int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is > 0 and <= ushort.MaxValue
            ? port
            : Malformed;
    }

    private sealed record Entry(string Name, int Port, bool Below)
    {
        public bool Covers(string name, int port) =>
            (Port == AnyPort || Port == port)
            && (
                Below
                    ? name.Length > Name.Length + 1
                        && name[^(Name.Length + 1)] == '.'
                        && name.EndsWith(Name, StringComparison.Ordinal)
                    : name == Name
            );

        public override string ToString() =>
            (Below ? AnyBelow : "") + (Name.Contains(':') ? $"[{Name}]" : Name) + (Port == AnyPort ? "" : $":{Port}");
    }
}
