using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Membership;

/// <summary>Log messages about this silo's membership in the cluster.</summary>
internal static partial class MembershipLog
{
    [LoggerMessage(
        2000,
        LogLevel.Information,
        "Silo {Address} ({Slot}) is ready with streams {Streams} and {Shards} shards."
    )]
    public static partial void Ready(ILogger log, string address, string slot, string streams, int shards);

    [LoggerMessage(2001, LogLevel.Critical, "This silo is fenced and must exit: {Why}")]
    public static partial void Fenced(ILogger log, string why);

    [LoggerMessage(2002, LogLevel.Warning, "Fenced {Count} streams of dead silos: {Silos}.")]
    public static partial void FencedOthers(ILogger log, int count, string silos);

    [LoggerMessage(2003, LogLevel.Information, "Acquired {Taken} shards; this silo now owns {Owned}.")]
    public static partial void ShardsTaken(ILogger log, int taken, int owned);

    [LoggerMessage(2004, LogLevel.Information, "Released {Released} shards to {Successor}.")]
    public static partial void ShardsReleased(ILogger log, int released, string successor);

    [LoggerMessage(
        2005,
        LogLevel.Warning,
        "Stream {Stream} of a silo that is gone could not be drained; it will be retried."
    )]
    public static partial void DrainFailed(ILogger log, Exception exception, long stream);

    [LoggerMessage(
        2006,
        LogLevel.Warning,
        "The cluster clock deviated from the database clock by {Offset:F0} ms and is being corrected."
    )]
    public static partial void ClockJumped(ILogger log, double offset);

    [LoggerMessage(
        2007,
        LogLevel.Warning,
        "The database clock could not be read at the start; until it can, this machine's clock is used."
    )]
    public static partial void ClockNotMeasured(ILogger log, Exception exception);

    [LoggerMessage(2008, LogLevel.Information, "The silo is stopping with {Groups} active groups.")]
    public static partial void Stopping(ILogger log, int groups);

    [LoggerMessage(2009, LogLevel.Warning, "Shutdown step failed: {Step}.")]
    public static partial void StopStepFailed(ILogger log, Exception exception, string step);

    [LoggerMessage(2010, LogLevel.Debug, "Silo {Address} did not report its description.")]
    public static partial void NotDescribed(ILogger log, Exception exception, string address);

    [LoggerMessage(
        2011,
        LogLevel.Error,
        "This silo cannot activate groups: the last successful test activation was {Silent:F0} s ago."
    )]
    public static partial void NotActivating(ILogger log, Exception exception, double silent);

    [LoggerMessage(2012, LogLevel.Information, "The liveness port is {Port}.")]
    public static partial void LivenessPortOpened(ILogger log, int port);

    [LoggerMessage(2013, LogLevel.Warning, "The liveness port cannot accept a connection; it will try again.")]
    public static partial void LivenessPortFailed(ILogger log, Exception exception);

    [LoggerMessage(
        2014,
        LogLevel.Warning,
        "The process of silo {Address} is gone: {Proof}. The silo is declared dead, so that others continue its work."
    )]
    public static partial void DeclaringDead(ILogger log, string address, string proof);

    [LoggerMessage(
        2015,
        LogLevel.Information,
        "Silo {Address} is dead for the cluster, {Elapsed:F0} ms after its end was proven here."
    )]
    public static partial void DeclaredDead(ILogger log, string address, double elapsed);

    [LoggerMessage(
        2016,
        LogLevel.Information,
        "Silo {Address} is not watched at its liveness port: {Why}. This proves nothing; it will be asked again."
    )]
    public static partial void PeerUnknown(ILogger log, string address, string why);

    [LoggerMessage(
        2017,
        LogLevel.Warning,
        "Silo {Address} could not be watched, or declared dead; it will be tried again."
    )]
    public static partial void PeerNotWatched(ILogger log, Exception exception, string address);

    [LoggerMessage(
        2030,
        LogLevel.Warning,
        "Silo {Address} ({Slot}) died while no silo was left to notice it and is declared dead: {Proof}."
    )]
    public static partial void MemberIsGone(ILogger log, string address, string slot, string proof);

    [LoggerMessage(
        2031,
        LogLevel.Warning,
        "The start waits for silo {Address} ({Slot}), an active member that does not answer: {Why}."
    )]
    public static partial void WaitsForMember(ILogger log, string address, string slot, string why);

    [LoggerMessage(
        2032,
        LogLevel.Warning,
        "The members of the cluster could not be checked before joining; this is tried again."
    )]
    public static partial void MembersNotChecked(ILogger log, Exception exception);
}
