using System.Collections.Frozen;

namespace GroupBuyActors.Integrations.Http;

/// <summary>
/// Headers whose values are never logged. <c>Authorization</c> is always one of them, because it has our own secret;
/// the others can be changed while the silo runs.
/// </summary>
public sealed class MaskedHeaders
{
    /// <summary>The headers that are masked by default.</summary>
    public static IReadOnlyList<string> Default { get; } = ["Authorization", "X-SSN", "Cookie", "Set-Cookie"];

    private volatile FrozenSet<string> _names;

    /// <summary>Masks these headers.</summary>
    public MaskedHeaders(params IEnumerable<string> names) => _names = SetOf(names);

    /// <summary>True if the header's value must not be logged; case-insensitive.</summary>
    public bool Covers(string header) => _names.Contains(header);

    /// <summary>Replaces the masked headers.</summary>
    public void Change(IEnumerable<string> names) => _names = SetOf(names);

    private static FrozenSet<string> SetOf(IEnumerable<string> names) =>
        names.Append("Authorization").ToFrozenSet(StringComparer.OrdinalIgnoreCase);
}
