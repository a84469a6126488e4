using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Store.Databases;

/// <summary>Log messages about a database before it is used.</summary>
internal static partial class DatabaseLog
{
    [LoggerMessage(
        2140,
        LogLevel.Warning,
        "The check of the SQLite file {Path} ({Megabytes} MB) was stopped after {Seconds} s; "
            + "no damage was found so far. Run `pragma integrity_check` to check the whole file."
    )]
    public static partial void CheckCutShort(ILogger log, string path, int seconds, long megabytes);
}
