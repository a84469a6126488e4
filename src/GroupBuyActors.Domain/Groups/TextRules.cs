using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace GroupBuyActors.Groups;

/// <summary>What texts from outside may look like.</summary>
internal static class TextRules
{
    private const int ZeroWidthJoiner = 0x200D;

    /// <summary>
    /// True for 1 to <paramref name="lengthMax"/> characters (code points), all of them printable; spaces are, and the
    /// joiner between two emoji.
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
    /// The same for a text that is a segment of an address: <c>.</c> and <c>..</c> lead elsewhere there.
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

    /// <summary>True where no half of a surrogate pair stands alone: such a text cannot be stored as UTF-8.</summary>
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

    // A lone surrogate is enumerated as U+FFFD, which is a symbol, so it is told apart here by being refused
    // altogether.
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

    // A skin tone, or the mark that asks for an emoji's picture: what is joined is the symbol before it.
    private static bool IsModifier(Rune rune) => rune.Value is 0xFE0F or (>= 0x1F3FB and <= 0x1F3FF);
}
