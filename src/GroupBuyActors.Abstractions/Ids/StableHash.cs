namespace GroupBuyActors;

/// <summary>
/// FNV-1a, 64 bit (Fowler, Noll, Vo; offset 14695981039346656037, prime 1099511628211), over UTF-16 code units, low
/// byte first.
/// </summary>
public static class StableHash
{
    private const ulong Offset = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    /// <summary>The hash of a text: the same in every process, machine and release.</summary>
    public static ulong Of(ReadOnlySpan<char> text)
    {
        var hash = Offset;
        foreach (var c in text)
        {
            hash = (hash ^ (byte)c) * Prime;
            hash = (hash ^ (byte)(c >> 8)) * Prime;
        }

        return hash;
    }

    /// <summary>
    /// Mixes a number into a hash (SplitMix64's finaliser, Steele et al. 2014), so that similar inputs have very
    /// different hashes.
    /// </summary>
    public static ulong Mix(ulong hash, ulong value)
    {
        var z = hash ^ (value + 0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
