using System.Globalization;
using GroupBuyActors.Silo.Settings;

namespace GroupBuyActors.Silo.Connections;

/// <summary>The file descriptors of this process: how many there may be, and how many are open.</summary>
internal static class Descriptors
{
    /// <summary>What the runtime, its libraries and the store hold open, with a little to spare.</summary>
    private const int LimitLeast = 512;

    /// <summary>
    /// The limit (<c>RLIMIT_NOFILE</c>), which the runtime has raised to the hard one at its start; null where there is
    /// none to be read. Read once: where all are in use, it could not be read any more.
    /// </summary>
    public static int? Limit { get; } = ReadLimit();

    /// <summary>Throws <see cref="StartException"/> where there are too few to run with.</summary>
    public static void Check(int? limit)
    {
        if (limit is < LimitLeast and var few)
            throw new StartException(
                $"This process may open only {few} files and sockets and needs at least {LimitLeast}; raise the "
                    + "limit (ulimit -n, LimitNOFILE, --ulimit)."
            );
    }

    /// <summary>Open now; null where it cannot be counted.</summary>
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

    /// <summary>
    /// The soft limit in the text of <c>/proc/self/limits</c>; null where it is unlimited or not told.
    /// </summary>
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
