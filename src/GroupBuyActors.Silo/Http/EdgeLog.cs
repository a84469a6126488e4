namespace GroupBuyActors.Silo.Http;

/// <summary>Log messages about requests over HTTP.</summary>
internal static partial class EdgeLog
{
    [LoggerMessage(7001, LogLevel.Debug, "Retrying the call to group {Group} after {Fault}")]
    public static partial void Retrying(ILogger log, GroupId group, string fault);

    [LoggerMessage(7002, LogLevel.Error, "A request failed unexpectedly: {Method} {Route}")]
    public static partial void Failed(ILogger log, Exception fault, string method, string route);

    [LoggerMessage(7005, LogLevel.Warning, "A request failed because of a database error: {Method} {Route}")]
    public static partial void StoreFailed(ILogger log, Exception fault, string method, string route);

    [LoggerMessage(
        7007,
        LogLevel.Warning,
        "A request was given up because the database did not answer in time: {Method} {Route}"
    )]
    public static partial void OverBudget(ILogger log, string method, string route);

    [LoggerMessage(7003, LogLevel.Debug, "The event stream of group {Group} was opened after sequence {After}")]
    public static partial void StreamOpened(ILogger log, GroupId group, long after);

    [LoggerMessage(
        7006,
        LogLevel.Warning,
        "The events of group {Group} could not be read for its event streams; retrying"
    )]
    public static partial void FeedFailed(ILogger log, Exception fault, GroupId group);

    [LoggerMessage(
        7004,
        LogLevel.Warning,
        "The change {Action} on {Target} was made, but its line in the audit log could not be confirmed"
    )]
    public static partial void NotAudited(ILogger log, Exception fault, string action, string target);
}
