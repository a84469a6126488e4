using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace GroupBuyActors.Integrations.Http;

/// <summary>
/// The hosts that this system may call. An entry is a host (<c>pay.example.com</c>, <c>10.0.0.7</c>, <c>[::1]</c>) or,
/// as <c>*.example.com</c>, all subdomains of one (not the domain itself), optionally with a port. All other hosts are
/// refused, and so is every scheme except http and https, so that a configured address cannot be used to reach services
/// that only this machine can reach.
/// </summary>
public sealed class HostAllowList
{
    private const string AnyBelow = "*.";

    private static readonly SearchValues<char> NotOfHosts = SearchValues.Create("/\\@?#*% \t");

    private const int AnyPort = 0,
        Malformed = -1;

    private readonly Entry[] _entries;

    private HostAllowList(IEnumerable<Entry> entries) => _entries = [.. entries];

    /// <summary>Creates a list of entries; throws <see cref="FormatException"/> for an invalid one.</summary>
    public static HostAllowList Of(params IEnumerable<string> entries) =>
        new(
            entries.Select(text =>
                TryParse(text, out var entry) ? entry : throw new FormatException($"'{text}' is not a valid host.")
            )
        );

    /// <summary>Creates a list of exactly the hosts and ports of these addresses.</summary>
    public static HostAllowList OfAddresses(IEnumerable<Uri> addresses) =>
        new(addresses.Select(address => new Entry(NameOf(address), address.Port, Below: false)));

    /// <summary>True if the text is a valid entry.</summary>
    public static bool IsEntry(string text) => TryParse(text, out _);

    /// <summary>True if the address may be called.</summary>
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

    // One form for all spellings of a name: lower case, non-ASCII letters as punycode, without the final dot.
    private static string NameOf(Uri address) => address.IdnHost.TrimEnd('.').ToLowerInvariant();

    // A name is parsed as part of an address, so that entries and addresses are normalised by the same code.
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

    // Uri drops a port that is the default of its scheme, but an entry with such a port is limited to it.
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
