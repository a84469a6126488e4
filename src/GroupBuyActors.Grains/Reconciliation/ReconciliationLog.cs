using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Reconciliation;

/// <summary>Log messages about comparisons of books.</summary>
internal static partial class ReconciliationLog
{
    [LoggerMessage(
        3100,
        LogLevel.Error,
        "The books of merchant {merchant_id} and of {Port} differ in {Count} entries ({Kinds}); the first are {First}"
    )]
    public static partial void Differs(
        ILogger log,
        long merchant_id,
        string port,
        long count,
        string kinds,
        string first
    );

    [LoggerMessage(
        3101,
        LogLevel.Error,
        "The books of {Port} could not be compared for merchant {merchant_id}: {Reason}"
    )]
    public static partial void NotCompared(ILogger log, string port, long merchant_id, string? reason);

    [LoggerMessage(
        3102,
        LogLevel.Information,
        "Compared the books of {Merchants} merchants of {Shard}: {Differences} entries differ, {Incomplete} "
            + "merchants could not be compared."
    )]
    public static partial void Compared(ILogger log, ShardId shard, int merchants, long differences, int incomplete);

    [LoggerMessage(3103, LogLevel.Warning, "The books of group {group_id} could not be read from it.")]
    public static partial void NotQueried(ILogger log, Exception exception, GroupId group_id);
}
