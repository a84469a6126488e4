using System.Net;

namespace GroupBuyActors.Silo.Auth;

/// <summary>Log messages about wrong API keys.</summary>
internal static partial class AuthLog
{
    [LoggerMessage(EventId = 7020, Message = "{Count} wrong API keys from {Address} since the last such message")]
    public static partial void Wrong(ILogger log, LogLevel level, int count, IPAddress address);

    [LoggerMessage(
        7021,
        LogLevel.Warning,
        "Too many wrong API keys from {Address}: after {Burst} of them, "
            + "only keys that worked from there before are accepted"
    )]
    public static partial void Limited(ILogger log, IPAddress address, int burst);
}
