using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Groups;

/// <summary>Log messages about groups.</summary>
internal static partial class GroupLog
{
    [LoggerMessage(1000, LogLevel.Warning, "The activation of group {group_id} is being deactivated: {Why}")]
    public static partial void Ended(ILogger log, Exception? exception, GroupId group_id, string why);

    [LoggerMessage(
        1001,
        LogLevel.Error,
        "Group {group_id} was written by a newer release and cannot be served by this silo."
    )]
    public static partial void WrittenByNewerRelease(ILogger log, Exception exception, GroupId group_id);

    [LoggerMessage(1002, LogLevel.Error, "Group {group_id} could not be loaded.")]
    public static partial void NotLoaded(ILogger log, Exception exception, GroupId group_id);

    [LoggerMessage(
        1003,
        LogLevel.Warning,
        "The snapshot of group {group_id} at sequence {Sequence} could not be written. No events are lost."
    )]
    public static partial void SnapshotFailed(ILogger log, Exception exception, GroupId group_id, long sequence);

    [LoggerMessage(1004, LogLevel.Error, "Group {group_id}: {Alert}")]
    public static partial void Alert(ILogger log, GroupId group_id, string alert);

    [LoggerMessage(1009, LogLevel.Warning, "Group {group_id}: {Warning}")]
    public static partial void Warning(ILogger log, GroupId group_id, string warning);

    [LoggerMessage(
        1005,
        LogLevel.Error,
        "Task {task_id} ({Type}) refers to something that group {group_id} never had; the task was removed."
    )]
    public static partial void UnknownTask(ILogger log, GroupId group_id, string task_id, string type);

    [LoggerMessage(1006, LogLevel.Warning, "The reminder of group {group_id} could not be written.")]
    public static partial void ReminderFailed(ILogger log, Exception exception, string group_id);

    [LoggerMessage(
        1008,
        LogLevel.Error,
        "Group {group_id} could not execute or store command {Command}; a retry will fail in the same way."
    )]
    public static partial void DecisionFailed(ILogger log, Exception exception, GroupId group_id, string command);

    [LoggerMessage(
        1020,
        LogLevel.Warning,
        "Tasks of group {group_id} did not match its state and were repaired: {Missing} missing tasks were "
            + "created, {Late} late tasks were brought forward."
    )]
    public static partial void TasksRepaired(ILogger log, GroupId group_id, int missing, int late);

    [LoggerMessage(
        1010,
        LogLevel.Warning,
        "The state of group {group_id} that another silo sent cannot be used; it is loaded from the database."
    )]
    public static partial void NotAccepted(ILogger log, Exception exception, GroupId group_id);
}
