using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Retention;

/// <summary>Log messages about retention.</summary>
internal static partial class RetentionLog
{
    [LoggerMessage(3200, LogLevel.Warning, "Expired rows of {Kind} could not be removed; retrying in {Seconds:F0} s.")]
    public static partial void NotRemoved(ILogger log, Exception exception, string kind, double seconds);

    [LoggerMessage(3201, LogLevel.Information, "Removed {Rows} expired rows of {Kind} in {Seconds:F1} s.")]
    public static partial void Removed(ILogger log, long rows, string kind, double seconds);
}
