namespace GroupBuyActors.Silo.Connections;

/// <summary>Log messages about the bound of HTTP connections.</summary>
internal static partial class ConnectionLog
{
    [LoggerMessage(
        7030,
        LogLevel.Warning,
        "This process may open only {Limit} files and sockets; {Wanted} or more are recommended "
            + "(ulimit -n, LimitNOFILE, --ulimit). HTTP is limited to {Slots} connections, "
            + "so that enough remain for the database and other silos."
    )]
    public static partial void LimitLow(ILogger log, int limit, int wanted, int slots);
}
