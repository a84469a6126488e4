using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Store.Committing;

/// <summary>What happens to commits, in the log. Event ids 2100–2149.</summary>
internal static partial class CommitLog
{
    [LoggerMessage(2100, LogLevel.Information, "Lane {Lane} writes stream {Stream} of {Silo}.")]
    public static partial void LaneOpened(this ILogger logger, int lane, long stream, string silo);

    [LoggerMessage(2101, LogLevel.Information, "Lane {Lane} closed stream {Stream} at position {Position}.")]
    public static partial void LaneClosed(this ILogger logger, int lane, long stream, long position);

    [LoggerMessage(
        2102,
        LogLevel.Warning,
        "Stream {Stream}: no answer to a transaction of {Commits} commits ({Times} times); it is sent again: {Error}"
    )]
    public static partial void OutcomeUnknown(this ILogger logger, long stream, int commits, int times, string error);

    [LoggerMessage(2103, LogLevel.Warning, "Stream {Stream}: the database cannot be reached: {Error}")]
    public static partial void Unreachable(this ILogger logger, long stream, string error);

    [LoggerMessage(
        2104,
        LogLevel.Warning,
        "Stream {Stream}: a transaction of {Commits} commits met a lock ({Reason}); its commits go singly."
    )]
    public static partial void LockMet(this ILogger logger, long stream, int commits, string reason);

    [LoggerMessage(
        2105,
        LogLevel.Information,
        "Stream {Stream}: {Losers} of {Commits} commits were refused: another activation was first."
    )]
    public static partial void Losers(this ILogger logger, long stream, int losers, int commits);

    [LoggerMessage(
        2106,
        LogLevel.Error,
        "Stream {Stream}: the database refuses a row of commit {Commit} (group {Group}); the commit is refused: {Error}"
    )]
    public static partial void RowRefused(this ILogger logger, long stream, Guid commit, string? group, string error);

    [LoggerMessage(2107, LogLevel.Critical, "Stream {Stream} is stopped: {Reason} The process must exit.")]
    public static partial void Fenced(this ILogger logger, long stream, string reason);

    [LoggerMessage(
        2108,
        LogLevel.Warning,
        "Stream {Stream}: commit {Commit} (group {Group}) waits for a lock that something else holds."
    )]
    public static partial void SetAside(this ILogger logger, long stream, Guid commit, string? group);

    [LoggerMessage(2109, LogLevel.Critical, "Lane {Lane} broke down.")]
    public static partial void LaneBroke(this ILogger logger, int lane, Exception exception);

    [LoggerMessage(
        2110,
        LogLevel.Error,
        "A subscriber of the stream threw; it has missed what follows position {Position} of stream {Stream}."
    )]
    public static partial void SubscriberThrew(this ILogger logger, long stream, long position, Exception exception);

    [LoggerMessage(
        2111,
        LogLevel.Warning,
        "Stream {Stream}: the database file is busy or failing; the transaction is tried again: {Error}"
    )]
    public static partial void FileTrouble(this ILogger logger, long stream, string error);

    [LoggerMessage(2112, LogLevel.Warning, "The write-ahead log could not be checkpointed: {Error}")]
    public static partial void CheckpointFailed(this ILogger logger, string error);

    [LoggerMessage(
        2113,
        LogLevel.Error,
        "Stream {Stream}: the database takes no commit; {Commits} that waited are given up, and none is taken until it does."
    )]
    public static partial void Refuses(this ILogger logger, long stream, int commits);

    [LoggerMessage(2114, LogLevel.Information, "Stream {Stream}: the database takes commits again.")]
    public static partial void TakesAgain(this ILogger logger, long stream);

    [LoggerMessage(
        2115,
        LogLevel.Warning,
        "Stream {Stream}: the database refused a transaction of {Commits} commits, which changed nothing: {Error}"
    )]
    public static partial void TransactionRefused(this ILogger logger, long stream, int commits, string error);

    [LoggerMessage(
        2116,
        LogLevel.Error,
        "Stream {Stream}: the database refuses commit {Commit} (group {Group}) and takes others; it is given up: {Error}"
    )]
    public static partial void CommitRefused(
        this ILogger logger,
        long stream,
        Guid commit,
        string? group,
        string error
    );

    [LoggerMessage(
        2117,
        LogLevel.Warning,
        "The file {Path}, which remembers how far the database has got, could not be written: {Error}"
    )]
    public static partial void MarkNotWritten(this ILogger logger, string path, string error);

    [LoggerMessage(
        2118,
        LogLevel.Warning,
        "The SQLite file {Path} was looked at for {Seconds} s, which did not do for its {Megabytes} MB; nothing amiss was found so far. `pragma integrity_check` looks at all of it."
    )]
    public static partial void CheckCutShort(this ILogger logger, string path, int seconds, long megabytes);
}
