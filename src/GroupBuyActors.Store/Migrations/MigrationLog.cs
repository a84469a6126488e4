using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Store.Migrations;

/// <summary>Log messages about migrations.</summary>
internal static partial class MigrationLog
{
    [LoggerMessage(2150, LogLevel.Information, "Applied migration {Migration}.")]
    public static partial void Applied(ILogger log, string migration);

    [LoggerMessage(
        2151,
        LogLevel.Warning,
        "The start waits: migration {Migration} has tried for {Seconds} s to lock the {Table}, which an open "
            + "transaction holds ({Holders}). Running silos are not affected."
    )]
    public static partial void WaitsForTable(ILogger log, string migration, int seconds, string table, string holders);

    [LoggerMessage(
        2152,
        LogLevel.Information,
        "The start waits: another process (connection {Connection} of the server) has been migrating the "
            + "database {Database} for {Seconds} s or more."
    )]
    public static partial void WaitsForOther(ILogger log, long connection, string database, int seconds);
}
