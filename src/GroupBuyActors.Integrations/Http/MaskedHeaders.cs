using System.Collections.Frozen;

namespace GroupBuyActors.Integrations.Http;

/// <summary>
/// Headers whose values are never written to logs. <c>Authorization</c> is one whatever the list says, for it carries
/// our own secret; the rest may change while running.
/// </summary>
public sealed class MaskedHeaders
{
    /// <summary>What is masked where nothing else is said.</summary>
    public static IReadOnlyList<string> Default { get; } = ["Authorization", "X-SSN", "Cookie", "Set-Cookie"];

    private volatile FrozenSet<string> _names;

    /// <summary>Masks these headers.</summary>
    public MaskedHeaders(params IEnumerable<string> names) => _names = SetOf(names);

    /// <summary>True for a header whose value must not be shown; upper and lower case are one.</summary>
    public bool Covers(string header) => _names.Contains(header);

    /// <summary>Masks these from now on.</summary>
    public void Change(IEnumerable<string> names) => _names = SetOf(names);

    private static FrozenSet<string> SetOf(IEnumerable<string> names) =>
        names.Append("Authorization").ToFrozenSet(StringComparer.OrdinalIgnoreCase);
}
