using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Store.Databases;

/// <summary>Log messages about databases, apart from commits.</summary>
internal static partial class DatabaseLog
{
    [LoggerMessage(
        2140,
        LogLevel.Warning,
        "The check of the SQLite file {Path} ({Megabytes} MB) was stopped after {Seconds} s; "
            + "no damage was found so far. Run `pragma integrity_check` to check the whole file."
    )]
    public static partial void CheckCutShort(ILogger log, string path, int seconds, long megabytes);

    [LoggerMessage(
        2141,
        LogLevel.Error,
        "The database of merchant slots {Slots} does not answer. Groups of other slots are not affected."
    )]
    public static partial void DoesNotAnswer(ILogger log, Exception exception, string slots);

    [LoggerMessage(2142, LogLevel.Information, "The database of merchant slots {Slots} answers again.")]
    public static partial void AnswersAgain(ILogger log, string slots);
}
