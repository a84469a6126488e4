using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Redrives;

/// <summary>Redrives of many dead letters.</summary>
internal static partial class RedriveLog
{
    [LoggerMessage(
        3300,
        LogLevel.Warning,
        "Redrive {Redrive} counts {Letters} dead letters as refused: redriving them failed in {Tries} tries."
    )]
    public static partial void LettersLeft(ILogger log, Exception exception, string redrive, int letters, int tries);
}
