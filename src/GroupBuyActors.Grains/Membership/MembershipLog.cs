using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Membership;

/// <summary>What happens to this silo's place in the cluster (event ids 2000–2099).</summary>
internal static partial class MembershipLog
{
    [LoggerMessage(2000, LogLevel.Information, "Silo {Address} ({Slot}) is ready: streams {Streams}, {Shards} shards.")]
    public static partial void Ready(ILogger log, string address, string slot, string streams, int shards);

    [LoggerMessage(2001, LogLevel.Critical, "This silo is fenced and must exit: {Why}")]
    public static partial void Fenced(ILogger log, string why);

    [LoggerMessage(2002, LogLevel.Warning, "Fenced {Count} streams of silos that are gone: {Silos}.")]
    public static partial void FencedOthers(ILogger log, int count, string silos);

    [LoggerMessage(2003, LogLevel.Information, "Took {Taken} shards, owns {Owned}.")]
    public static partial void ShardsTaken(ILogger log, int taken, int owned);

    [LoggerMessage(2004, LogLevel.Information, "Released {Released} shards to {Successor}.")]
    public static partial void ShardsReleased(ILogger log, int released, string successor);

    [LoggerMessage(2005, LogLevel.Warning, "Looking after streams and shards failed; it is tried again.")]
    public static partial void WatchFailed(ILogger log, Exception exception);

    [LoggerMessage(2006, LogLevel.Warning, "The cluster's clock was {Offset:F0} ms away from the database's.")]
    public static partial void ClockJumped(ILogger log, double offset);

    [LoggerMessage(2007, LogLevel.Warning, "The database's clock could not be read; the last offset stays.")]
    public static partial void ClockNotMeasured(ILogger log, Exception exception);

    [LoggerMessage(2008, LogLevel.Information, "The silo stops: {Groups} groups are active.")]
    public static partial void Stopping(ILogger log, int groups);

    [LoggerMessage(2009, LogLevel.Warning, "A step of stopping failed: {Step}.")]
    public static partial void StopStepFailed(ILogger log, Exception exception, string step);

    [LoggerMessage(2010, LogLevel.Debug, "Silo {Address} did not describe itself.")]
    public static partial void NotDescribed(ILogger log, Exception exception, string address);

    [LoggerMessage(
        2011,
        LogLevel.Error,
        "No group can be activated here: a grain that holds nothing could not be, {Silent:F0} s after the last that could."
    )]
    public static partial void NotActivating(ILogger log, Exception exception, double silent);
}
