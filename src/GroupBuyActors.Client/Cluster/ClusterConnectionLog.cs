using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Client;

/// <summary>Log messages of Orleans clients.</summary>
internal static partial class ClusterConnectionLog
{
    [LoggerMessage(
        9100,
        LogLevel.Warning,
        "No silo can be reached yet; trying again. Are silos running, and may this process reach their gateway port?"
    )]
    public static partial void NotConnected(ILogger log, Exception failure);

    [LoggerMessage(9101, LogLevel.Warning, "No silo's gateway can be reached any more; connecting again.")]
    public static partial void Lost(ILogger log);

    [LoggerMessage(9102, LogLevel.Information, "{Gateways} silos' gateways can be reached.")]
    public static partial void Connected(ILogger log, int gateways);
}
