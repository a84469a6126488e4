using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Tasks;

/// <summary>Log messages about timed tasks.</summary>
internal static partial class TaskLog
{
    [LoggerMessage(
        3000,
        LogLevel.Warning,
        "Task {task_id} ({Type}) failed at try {Try}; retrying in {Delay:F0} ms: {Error}"
    )]
    public static partial void Failed(ILogger log, string task_id, string type, int @try, double delay, string? error);

    [LoggerMessage(
        3001,
        LogLevel.Error,
        "Task {task_id} ({Type}) has failed {Tries} times and will be retried: {Error}"
    )]
    public static partial void Alert(ILogger log, string task_id, string type, int tries, string? error);

    [LoggerMessage(
        3002,
        LogLevel.Error,
        "Task {task_id} ({Type}) was given up after {Tries} tries ({Decision}): {Error}"
    )]
    public static partial void GivenUp(
        ILogger log,
        string task_id,
        string type,
        int tries,
        RetryDecision decision,
        string? error
    );

    [LoggerMessage(
        3003,
        LogLevel.Warning,
        "Task {task_id} ({Type}) met an infrastructure failure and will run again in {Delay:F0} ms."
    )]
    public static partial void InfrastructureFailure(
        ILogger log,
        Exception exception,
        string task_id,
        string type,
        double delay
    );

    [LoggerMessage(
        3005,
        LogLevel.Information,
        "Read the tasks due within the horizon of {Shards} shards: {Tasks} tasks, {Overdue} of them overdue."
    )]
    public static partial void HorizonRead(ILogger log, int shards, int tasks, int overdue);

    [LoggerMessage(
        3006,
        LogLevel.Error,
        "No handler is registered for task type {Type}; task {task_id} stays in the table."
    )]
    public static partial void NoHandler(ILogger log, string type, string task_id);

    [LoggerMessage(
        3007,
        LogLevel.Warning,
        "{Count} tasks could not be forwarded to the owners of their shards; the owners will read them from the table."
    )]
    public static partial void NotForwarded(ILogger log, int count);

    [LoggerMessage(3008, LogLevel.Warning, "The first firings of schedules could not be stored; retrying.")]
    public static partial void FiringsNotSeeded(ILogger log, Exception exception);

    [LoggerMessage(
        3009,
        LogLevel.Error,
        "The voucher scan of {Shard} could not lapse vouchers of group {group_id}; other groups are not affected."
    )]
    public static partial void NotLapsed(ILogger log, Exception exception, ShardId shard, GroupId group_id);

    [LoggerMessage(3011, LogLevel.Information, "Version {Version} of the policy for task type {Type} is in force.")]
    public static partial void PolicyInForce(ILogger log, string type, int version);

    [LoggerMessage(
        3013,
        LogLevel.Error,
        "This release cannot read version {Version} of the policy for task type {Type}; the default is in force."
    )]
    public static partial void PolicyNotReadable(ILogger log, Exception exception, string type, int version);

    [LoggerMessage(
        3014,
        LogLevel.Error,
        "Timed tasks do not fire on this silo: the canary task of {Shards} was due {Late:F1} s ago and has not run."
    )]
    public static partial void CanaryIsLate(ILogger log, string shards, double late);

    [LoggerMessage(
        3018,
        LogLevel.Warning,
        "Task {task_id} ({Type}) met infrastructure failures because it {What} elsewhere; the stored state now applies."
    )]
    public static partial void Overtaken(ILogger log, string task_id, string type, string what);

    [LoggerMessage(
        3019,
        LogLevel.Warning,
        "Task {task_id} met an infrastructure failure, and its row could not be read."
    )]
    public static partial void NotLookedUp(ILogger log, Exception exception, string task_id);

    [LoggerMessage(
        3040,
        LogLevel.Error,
        "Task {task_id} ({Type}) cannot be processed and is parked in the table; other tasks are not affected."
    )]
    public static partial void Parked(ILogger log, Exception exception, string task_id, string type);

    [LoggerMessage(
        3041,
        LogLevel.Error,
        "The row of task {task_id} is invalid: {Fault} The task is parked in the table; other tasks are not affected."
    )]
    public static partial void RowInvalid(ILogger log, string task_id, string fault);

    [LoggerMessage(3042, LogLevel.Error, "The timer thread of timed tasks met an error and continues.")]
    public static partial void FiringFailed(ILogger log, Exception exception);

    [LoggerMessage(
        3043,
        LogLevel.Error,
        "The task changes of a commit could not be applied in memory; the table will be read again."
    )]
    public static partial void NotApplied(ILogger log, Exception exception);
}
