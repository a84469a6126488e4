using System.Globalization;
using GroupBuyActors.Silo.Settings;

namespace GroupBuyActors.Silo.Connections;

/// <summary>The file descriptors of this process: their limit, and the number of open ones.</summary>
internal static class Descriptors
{
    /// <summary>Descriptors that the runtime, its libraries and the store need, with some to spare.</summary>
    private const int LimitMin = 512;

    /// <summary>
    /// The limit (<c>RLIMIT_NOFILE</c>), which the runtime raises to the hard limit when it starts; null if it cannot
    /// be read. Read once, because reading it needs a free descriptor.
    /// </summary>
    public static int? Limit { get; } = ReadLimit();

    /// <summary>Throws <see cref="StartException"/> if the limit is too low.</summary>
    public static void Check(int? limit)
    {
        if (limit is < LimitMin and var few)
            throw new StartException(
                $"This process may open only {few} files and sockets and needs at least {LimitMin}; raise the "
                    + "limit (ulimit -n, LimitNOFILE, --ulimit)."
            );
    }

    /// <summary>The number of open descriptors; null if they cannot be counted.</summary>
    public static int? Open
    {
        get
        {
            try
            {
                return Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }

    private static int? ReadLimit()
    {
        try
        {
            return Parse(File.ReadLines("/proc/self/limits"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The soft limit in the text of <c>/proc/self/limits</c>; null if it is unlimited or missing.</summary>
    internal static int? Parse(IEnumerable<string> limits)
    {
        const string name = "Max open files";
        if (limits.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is not { } found)
            return null;
        var soft = found[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
            ? (int)Math.Min(limit, int.MaxValue)
            : null;
    }
}
