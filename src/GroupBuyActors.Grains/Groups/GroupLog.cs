using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Groups;

/// <summary>What happens to groups on this silo (event ids 1000–1099).</summary>
internal static partial class GroupLog
{
    [LoggerMessage(1000, LogLevel.Warning, "The activation of group {group_id} ends: {Why}")]
    public static partial void Ended(ILogger log, Exception? exception, GroupId group_id, string why);

    [LoggerMessage(1001, LogLevel.Error, "Group {group_id} was written by a newer release: it is not served here.")]
    public static partial void FromTheFuture(ILogger log, Exception exception, GroupId group_id);

    [LoggerMessage(1002, LogLevel.Error, "Group {group_id} could not be loaded.")]
    public static partial void NotLoaded(ILogger log, Exception exception, GroupId group_id);

    [LoggerMessage(
        1003,
        LogLevel.Warning,
        "The snapshot of group {group_id} at {Sequence} was not written; its events are all there."
    )]
    public static partial void SnapshotFailed(ILogger log, Exception exception, GroupId group_id, long sequence);

    [LoggerMessage(1004, LogLevel.Error, "Group {group_id}: {Alert}")]
    public static partial void Alert(ILogger log, GroupId group_id, string alert);

    [LoggerMessage(1009, LogLevel.Warning, "Group {group_id}: {Warning}")]
    public static partial void Warning(ILogger log, GroupId group_id, string warning);

    [LoggerMessage(
        1005,
        LogLevel.Error,
        "Task {task_id} ({Type}) of group {group_id} is about something the group never had: it is removed."
    )]
    public static partial void UnknownTask(ILogger log, GroupId group_id, string task_id, string type);

    [LoggerMessage(1006, LogLevel.Warning, "The backstop reminder of group {group_id} was not written.")]
    public static partial void ReminderFailed(ILogger log, Exception exception, string group_id);

    [LoggerMessage(1007, LogLevel.Warning, "Groups past their time could not be counted.")]
    public static partial void StuckNotCounted(ILogger log, Exception exception);

    [LoggerMessage(
        1008,
        LogLevel.Error,
        "Group {group_id} could not decide or store {Command}, and will not when it is asked again."
    )]
    public static partial void DecisionFailed(ILogger log, Exception exception, GroupId group_id, string command);

    [LoggerMessage(
        1020,
        LogLevel.Warning,
        "Tasks of group {group_id} were not as its state needs them: {Missing} were missing and are put back, {Late} came too late and are brought forward."
    )]
    public static partial void TasksMended(ILogger log, GroupId group_id, int missing, int late);
}
