using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace GroupBuyActors;

/// <summary>
/// Identifies one durable actor by its kind and its key, written <c>{kind}:{key}</c>. Journal, commits, timed tasks,
/// snapshots and the relay use this one text as their key, so that an actor is one column and one comparison.
/// <para>
/// Kinds are plural, <c>[a-z][a-z-]*</c>, at most 20 characters: an actor's address is <c>/{kind}/{key}</c>. Keys have
/// at most 119 ASCII letters, digits, dots, hyphens and underscores. Neither has a colon, a quote or a blank, so that
/// the text is safe in SQL and as part of a longer id.
/// </para>
/// </summary>
public readonly record struct ActorId : ISpanParsable<ActorId>
{
    /// <summary>The length of an id in characters at most.</summary>
    public const int LengthMax = KindMax + 1 + KeyMax;

    private const int KindMax = 20;
    private const int KeyMax = 119;

    private static readonly SearchValues<char> s_kind = SearchValues.Create("abcdefghijklmnopqrstuvwxyz-");

    private static readonly SearchValues<char> s_key = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_"
    );

    private readonly string? _kind;
    private readonly string? _key;
    private readonly string? _text;

    /// <summary>
    /// The actor of a kind with a key; throws <see cref="FormatException"/> if one of them is not valid.
    /// </summary>
    public ActorId(string kind, string key)
    {
        if (!IsKind(kind) || !IsKey(key))
            throw new FormatException($"'{kind}:{key}' is not a valid actor id.");
        (_kind, _key, _text) = (kind, key, $"{kind}:{key}");
    }

    private ActorId(string text, int colon) => (_kind, _key, _text) = (text[..colon], text[(colon + 1)..], text);

    /// <summary>The kind, in the plural: the first part of the actor's address.</summary>
    public string Kind => _kind ?? throw Unset();

    /// <summary>The key, unique within the kind.</summary>
    public string Key => _key ?? throw Unset();

    /// <summary>True for <c>default</c>, which identifies no actor.</summary>
    public bool IsUnset => _text is null;

    /// <summary>
    /// The account that the actor belongs to: the number before the first dot of its key; null if the key does not
    /// begin with one.
    /// </summary>
    public long? Account => Split(out var account, out _) ? account : null;

    /// <summary>
    /// The actor's shard, which follows from the key alone. Keys <c>{account}.{region}.{rest}</c> share a shard by
    /// account and region, whatever their kind; others are spread by their hash.
    /// </summary>
    public ShardId Shard =>
        Split(out var account, out var region) && !region.IsEmpty
            ? ShardId.Of(account, region)
            : new ShardId((int)(StableHash.Of(Key) % ShardId.Count));

    /// <summary>Parses an id; throws <see cref="FormatException"/> if the text is not one.</summary>
    public static ActorId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a valid actor id.");

    /// <inheritdoc/>
    public static ActorId Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    public static ActorId Parse(ReadOnlySpan<char> s, IFormatProvider? provider) => Parse(s.ToString());

    /// <summary>Parses an id; false if the text is not one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ActorId id)
    {
        var colon = text?.IndexOf(':') ?? -1;
        var isOne = colon > 0 && IsKind(text.AsSpan(0, colon)) && IsKey(text.AsSpan(colon + 1));
        id = isOne ? new ActorId(text!, colon) : default;
        return isOne;
    }

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out ActorId result) =>
        TryParse(s, out result);

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out ActorId result) =>
        TryParse(s.ToString(), out result);

    public bool Equals(ActorId other) => _text == other._text;

    public override int GetHashCode() => _text?.GetHashCode(StringComparison.Ordinal) ?? 0;

    /// <summary><c>{kind}:{key}</c>; empty for <c>default</c>.</summary>
    public override string ToString() => _text ?? "";

    private static bool IsKind(ReadOnlySpan<char> text) =>
        text.Length is > 0 and <= KindMax && text[0] != '-' && !text.ContainsAnyExcept(s_kind);

    private static bool IsKey(ReadOnlySpan<char> text) =>
        text.Length is > 0 and <= KeyMax && !text.ContainsAnyExcept(s_key);

    /// <summary>The account before the first dot, and the region before the second.</summary>
    private bool Split(out long account, out ReadOnlySpan<char> region)
    {
        var text = Key.AsSpan();
        var first = text.IndexOf('.');
        account = 0;
        region = default;
        if (first < 1 || !long.TryParse(text[..first], NumberStyles.None, CultureInfo.InvariantCulture, out account))
            return false;
        var rest = text[(first + 1)..];
        if (rest.IndexOf('.') is > 0 and var second)
            region = rest[..second];
        return true;
    }

    private static InvalidOperationException Unset() => new("The ActorId is not set.");
}
