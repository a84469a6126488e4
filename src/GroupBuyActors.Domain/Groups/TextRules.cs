using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace GroupBuyActors.Groups;

/// <summary>The rules for texts from outside.</summary>
internal static class TextRules
{
    private const int ZeroWidthJoiner = 0x200D;

    /// <summary>
    /// True for 1 to <paramref name="lengthMax"/> characters (code points) that are all printable; spaces and the
    /// joiner between two emoji are printable.
    /// </summary>
    public static bool IsPrintable([NotNullWhen(true)] string? text, int lengthMax)
    {
        if (string.IsNullOrEmpty(text))
            return false;
        if (Ascii.IsValid(text))
            return text.Length <= lengthMax && !text.AsSpan().ContainsAnyExceptInRange(' ', '~');
        return Length(text) <= lengthMax && AllPrintable(text);
    }

    /// <summary>
    /// The same for a text that is a segment of a URL path, where <c>.</c> and <c>..</c> have another meaning.
    /// </summary>
    public static bool IsId([NotNullWhen(true)] string? text, int lengthMax) =>
        IsPrintable(text, lengthMax) && text is not ("." or "..");

    /// <summary>
    /// True for 1 to <paramref name="lengthMax"/> characters (code points) in one line, without control characters and
    /// not all blank.
    /// </summary>
    public static bool IsTitle([NotNullWhen(true)] string? text, int lengthMax)
    {
        if (!IsText(text, lengthMax))
            return false;
        var isBlank = true;
        foreach (var rune in text.EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            if (
                category
                is UnicodeCategory.Control
                    or UnicodeCategory.LineSeparator
                    or UnicodeCategory.ParagraphSeparator
            )
                return false;
            isBlank &= Rune.IsWhiteSpace(rune) || category == UnicodeCategory.Format;
        }

        return !isBlank;
    }

    /// <summary>
    /// True for 1 to <paramref name="lengthMax"/> characters (code points), line breaks and the like included.
    /// </summary>
    public static bool IsText([NotNullWhen(true)] string? text, int lengthMax) =>
        !string.IsNullOrEmpty(text) && IsWellFormed(text) && Length(text) <= lengthMax;

    /// <summary>True if the text has no unpaired surrogate, which cannot be stored as UTF-8.</summary>
    public static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return false;
            i++;
        }

        return true;
    }

    private static int Length(string text)
    {
        var length = 0;
        foreach (var _ in text.EnumerateRunes())
            length++;
        return length;
    }

    // An unpaired surrogate is enumerated as U+FFFD, which is a symbol, so U+FFFD is refused altogether.
    private static bool IsPrintable(Rune rune) =>
        rune.Value != 0xFFFD
        && Rune.GetUnicodeCategory(rune)
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.Surrogate
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.OtherNotAssigned
            );

    private static bool AllPrintable(string text)
    {
        Rune last = default;
        var isJoined = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (isJoined && !IsSymbol(rune))
                return false;
            isJoined = rune.Value == ZeroWidthJoiner && IsSymbol(last);
            if (!isJoined && !IsPrintable(rune))
                return false;
            if (!IsModifier(rune))
                last = rune;
        }

        return !isJoined;
    }

    private static bool IsSymbol(Rune rune) =>
        rune.Value != 0xFFFD && Rune.GetUnicodeCategory(rune) == UnicodeCategory.OtherSymbol;

    // A skin tone, or the variation selector that requests an emoji's picture: the symbol before it is the one that is
    // joined.
    private static bool IsModifier(Rune rune) => rune.Value is 0xFE0F or (>= 0x1F3FB and <= 0x1F3FF);
}
