using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Background;

/// <summary>Log messages about background services.</summary>
internal static partial class BackgroundLog
{
    [LoggerMessage(
        2200,
        LogLevel.Warning,
        "A run of the background service {Service} failed; retrying in {Seconds:F1} s."
    )]
    public static partial void RunFailed(ILogger log, Exception exception, string service, double seconds);

    [LoggerMessage(
        2201,
        LogLevel.Error,
        "The background service {Service} has ended. This silo continues without it and is not ready; restart it."
    )]
    public static partial void Ended(ILogger log, Exception? exception, string service);

    [LoggerMessage(
        2202,
        LogLevel.Critical,
        "The background service {Service} has ended. This silo cannot run without it and is stopping."
    )]
    public static partial void EssentialEnded(ILogger log, Exception? exception, string service);

    [LoggerMessage(
        2203,
        LogLevel.Warning,
        "Background services were still running after {Seconds:F1} s and are not waited for: {Services}."
    )]
    public static partial void NotStopped(ILogger log, double seconds, string services);
}
