using System.Globalization;
using System.Text;

namespace GroupBuyActors.Groups;

/// <summary>What texts from outside may look like.</summary>
public static class TextRules
{
    /// <summary>True for 1 to <paramref name="lengthMax"/> characters (code points), all of them printable; spaces are.</summary>
    public static bool IsPrintable(string? text, int lengthMax)
    {
        if (string.IsNullOrEmpty(text)) return false;
        if (Ascii.IsValid(text)) return text.Length <= lengthMax && !text.AsSpan().ContainsAnyExceptInRange(' ', '~');
        return Length(text) <= lengthMax && text.EnumerateRunes().All(IsPrintable);
    }

    /// <summary>True for 1 to <paramref name="lengthMax"/> characters (code points), line breaks and the like included.</summary>
    public static bool IsText(string? text, int lengthMax) =>
        !string.IsNullOrEmpty(text) && IsWellFormed(text) && Length(text) <= lengthMax;

    /// <summary>True where no half of a surrogate pair stands alone: such a text cannot be stored as UTF-8.</summary>
    public static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) return false;
            i++;
        }

        return true;
    }

    private static int Length(string text)
    {
        var length = 0;
        foreach (var _ in text.EnumerateRunes()) length++;
        return length;
    }

    // A lone surrogate is enumerated as U+FFFD, which is a symbol, so it is told apart here by being refused altogether.
    private static bool IsPrintable(Rune rune) => rune.Value != 0xFFFD && Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or
        UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned);

    private static bool All(this StringRuneEnumerator runes, Func<Rune, bool> holds)
    {
        foreach (var rune in runes)
            if (!holds(rune)) return false;
        return true;
    }
}
