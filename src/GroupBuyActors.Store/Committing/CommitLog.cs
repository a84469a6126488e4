using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Store.Committing;

/// <summary>Log messages about commits.</summary>
internal static partial class CommitLog
{
    [LoggerMessage(2100, LogLevel.Information, "Commit lane {Lane} of {Silo} writes stream {Stream}.")]
    public static partial void LaneOpened(ILogger log, int lane, long stream, string silo);

    [LoggerMessage(2101, LogLevel.Information, "Commit lane {Lane} closed stream {Stream} at position {Position}.")]
    public static partial void LaneClosed(ILogger log, int lane, long stream, long position);

    [LoggerMessage(
        2102,
        LogLevel.Warning,
        "Stream {Stream}: the outcome of a transaction of {Commits} commits is unknown ({Times} times); it "
            + "will be sent again: {Error}"
    )]
    public static partial void OutcomeUnknown(ILogger log, long stream, int commits, int times, string error);

    [LoggerMessage(2103, LogLevel.Warning, "Stream {Stream}: the database cannot be reached: {Error}")]
    public static partial void Unreachable(ILogger log, long stream, string error);

    [LoggerMessage(
        2104,
        LogLevel.Warning,
        "Stream {Stream}: a transaction of {Commits} commits was blocked by a lock ({Reason}); its commits "
            + "will be sent one by one."
    )]
    public static partial void LockMet(ILogger log, long stream, int commits, string reason);

    [LoggerMessage(
        2105,
        LogLevel.Information,
        "Stream {Stream}: {Conflicts} of {Commits} commits were refused because another activation committed first."
    )]
    public static partial void Conflicts(ILogger log, long stream, int conflicts, int commits);

    [LoggerMessage(
        2106,
        LogLevel.Error,
        "Stream {Stream}: the database rejected a row of commit {Commit} (actor {Actor}), so the commit is "
            + "refused: {Error}"
    )]
    public static partial void RowRefused(ILogger log, long stream, Guid commit, string? actor, string error);

    [LoggerMessage(2107, LogLevel.Critical, "Stream {Stream} is stopped and the process must exit: {Reason}")]
    public static partial void Fenced(ILogger log, long stream, string reason);

    [LoggerMessage(
        2108,
        LogLevel.Warning,
        "Stream {Stream}: commit {Commit} (actor {Actor}) waits for a lock held by another database session."
    )]
    public static partial void Deferred(ILogger log, long stream, Guid commit, string? actor);

    [LoggerMessage(2109, LogLevel.Critical, "Commit lane {Lane} failed.")]
    public static partial void LaneFailed(ILogger log, int lane, Exception exception);

    [LoggerMessage(
        2110,
        LogLevel.Error,
        "A subscriber of stream {Stream} failed and missed the commits after position {Position}."
    )]
    public static partial void SubscriberThrew(ILogger log, long stream, long position, Exception exception);

    [LoggerMessage(
        2111,
        LogLevel.Warning,
        "Stream {Stream}: the database file is busy or failing; the transaction will be retried: {Error}"
    )]
    public static partial void FileFailure(ILogger log, long stream, string error);

    [LoggerMessage(2112, LogLevel.Warning, "The write-ahead log could not be checkpointed: {Error}")]
    public static partial void CheckpointFailed(ILogger log, string error);

    [LoggerMessage(
        2113,
        LogLevel.Error,
        "Stream {Stream}: the database accepts no commits; {Commits} waiting commits were given up, and new "
            + "ones are refused until it recovers."
    )]
    public static partial void Refuses(ILogger log, long stream, int commits);

    [LoggerMessage(2114, LogLevel.Information, "Stream {Stream}: the database accepts commits again.")]
    public static partial void AcceptsAgain(ILogger log, long stream);

    [LoggerMessage(
        2115,
        LogLevel.Warning,
        "Stream {Stream}: the database rejected a transaction of {Commits} commits; nothing was changed: {Error}"
    )]
    public static partial void TransactionRefused(ILogger log, long stream, int commits, string error);

    [LoggerMessage(
        2116,
        LogLevel.Error,
        "Stream {Stream}: the database rejects commit {Commit} (actor {Actor}) but accepts others; the commit "
            + "was given up: {Error}"
    )]
    public static partial void CommitRefused(ILogger log, long stream, Guid commit, string? actor, string error);

    [LoggerMessage(
        2118,
        LogLevel.Critical,
        "Stream {Stream}: position {Position}, which this silo committed, is missing: the database lost "
            + "acknowledged commits. All streams are fenced, and every silo exits."
    )]
    public static partial void CommitsLost(ILogger log, long stream, long position);

    [LoggerMessage(
        2117,
        LogLevel.Warning,
        "The file {Path}, which records the last acknowledged commit, could not be written: {Error}"
    )]
    public static partial void MarkNotWritten(ILogger log, string path, string error);
}
