using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Integrations.Http;

/// <summary>Log messages of ports over HTTP.</summary>
internal static partial class HttpPortLog
{
    [LoggerMessage(
        7100,
        LogLevel.Warning,
        "Calls to {Port} are suspended for {Duration} because too many of them failed."
    )]
    public static partial void BreakerOpened(ILogger log, string port, TimeSpan duration);

    [LoggerMessage(7101, LogLevel.Information, "{Port} answers again.")]
    public static partial void BreakerClosed(ILogger log, string port);

    [LoggerMessage(7102, LogLevel.Debug, "{Port} did not answer {Operation}: {Words}")]
    public static partial void Unavailable(ILogger log, string port, string operation, string words);

    [LoggerMessage(7103, LogLevel.Error, "A call to {Port} failed unexpectedly: {Operation}")]
    public static partial void Unforeseen(ILogger log, Exception exception, string port, string operation);

    [LoggerMessage(7104, LogLevel.Debug, "Calling {Port}: {Method} {Path}")]
    public static partial void Asking(ILogger log, string port, string method, string path);

    [LoggerMessage(7105, LogLevel.Trace, "Request headers to {Port}: {Headers}", SkipEnabledCheck = true)]
    public static partial void AskingWith(ILogger log, string port, string headers);

    [LoggerMessage(7106, LogLevel.Debug, "{Port} answered {Status} after {Elapsed}")]
    public static partial void Answered(ILogger log, string port, int status, TimeSpan elapsed);

    [LoggerMessage(7107, LogLevel.Trace, "Response headers from {Port}: {Headers}", SkipEnabledCheck = true)]
    public static partial void AnsweredWith(ILogger log, string port, string headers);

    [LoggerMessage(7108, LogLevel.Debug, "The call to {Port} failed after {Elapsed}")]
    public static partial void Failed(ILogger log, Exception exception, string port, TimeSpan elapsed);
}
