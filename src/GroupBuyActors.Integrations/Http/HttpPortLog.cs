using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Integrations.Http;

/// <summary>What ports over HTTP say; ids 7100 to 7199.</summary>
internal static partial class HttpPortLog
{
    [LoggerMessage(7100, LogLevel.Warning, "Calls of {Port} are suspended for {Duration}: too many of them failed.")]
    public static partial void BreakerOpened(ILogger logger, string port, TimeSpan duration);

    [LoggerMessage(7101, LogLevel.Information, "{Port} answers again.")]
    public static partial void BreakerClosed(ILogger logger, string port);

    [LoggerMessage(7102, LogLevel.Debug, "{Port} gave no answer to {Operation}: {Words}")]
    public static partial void Silent(ILogger logger, string port, string operation, string words);

    [LoggerMessage(7103, LogLevel.Error, "A call of {Port} failed in a way that nobody foresaw: {Operation}")]
    public static partial void Unforeseen(ILogger logger, Exception exception, string port, string operation);
}
