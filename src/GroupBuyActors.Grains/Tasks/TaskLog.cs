using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Tasks;

/// <summary>What happens to timed tasks (event ids 3000–3099).</summary>
internal static partial class TaskLog
{
    [LoggerMessage(
        3000,
        LogLevel.Warning,
        "Task {task_id} ({Type}) failed at try {Try}, again in {Delay:F0} ms: {Error}"
    )]
    public static partial void Failed(ILogger log, string task_id, string type, int @try, double delay, string? error);

    [LoggerMessage(3001, LogLevel.Error, "Task {task_id} ({Type}) has failed {Tries} times and goes on: {Error}")]
    public static partial void Alert(ILogger log, string task_id, string type, int tries, string? error);

    [LoggerMessage(
        3002,
        LogLevel.Error,
        "Task {task_id} ({Type}) is given up after {Tries} tries ({Verdict}): {Error}"
    )]
    public static partial void GivenUp(
        ILogger log,
        string task_id,
        string type,
        int tries,
        RetryVerdict verdict,
        string? error
    );

    [LoggerMessage(
        3003,
        LogLevel.Warning,
        "Task {task_id} ({Type}) met trouble of ours and runs again in {Delay:F0} ms."
    )]
    public static partial void Trouble(ILogger log, Exception exception, string task_id, string type, double delay);

    [LoggerMessage(3004, LogLevel.Warning, "The horizon could not be read; it is tried again.")]
    public static partial void HorizonNotRead(ILogger log, Exception exception);

    [LoggerMessage(
        3005,
        LogLevel.Information,
        "Read the horizon of {Shards} shards: {Tasks} tasks, {Overdue} of them overdue."
    )]
    public static partial void HorizonRead(ILogger log, int shards, int tasks, int overdue);

    [LoggerMessage(3006, LogLevel.Error, "No handler runs tasks of type {Type}; {task_id} stays in the table.")]
    public static partial void NoHandler(ILogger log, string type, string task_id);

    [LoggerMessage(
        3007,
        LogLevel.Warning,
        "{Count} tasks could not be handed to their owners; the owners find them in the table."
    )]
    public static partial void NotHandedOver(ILogger log, int count);

    [LoggerMessage(3008, LogLevel.Warning, "First firings of schedules could not be stored; they are tried again.")]
    public static partial void FiringsNotSeeded(ILogger log, Exception exception);

    [LoggerMessage(
        3009,
        LogLevel.Error,
        "The voucher scan of {Shard} could not end vouchers of group {group_id}; the others go on."
    )]
    public static partial void NotLapsed(ILogger log, Exception exception, ShardId shard, GroupId group_id);

    [LoggerMessage(3011, LogLevel.Information, "The policy of {Type} is in force in version {Version}.")]
    public static partial void PolicyInForce(ILogger log, string type, int version);

    [LoggerMessage(3012, LogLevel.Warning, "The policies of tasks could not be read; those read before stay in force.")]
    public static partial void PoliciesNotRead(ILogger log, Exception exception);

    [LoggerMessage(
        3013,
        LogLevel.Error,
        "Version {Version} of the policy of {Type} cannot be understood by this release: the default is in force."
    )]
    public static partial void PolicyNotUnderstood(ILogger log, Exception exception, string type, int version);

    [LoggerMessage(
        3014,
        LogLevel.Error,
        "The canary of {Shards} was due {Late:F1} s ago and has not run: timed tasks do not fire on this silo."
    )]
    public static partial void CanaryIsSilent(ILogger log, string shards, double late);

    [LoggerMessage(3017, LogLevel.Warning, "The tasks of some shards could not be counted; it is tried again.")]
    public static partial void NotCounted(ILogger log, Exception exception);

    [LoggerMessage(
        3018,
        LogLevel.Warning,
        "Task {task_id} ({Type}) met trouble because it {What} without this silo knowing; it goes on as it is stored."
    )]
    public static partial void Overtaken(ILogger log, string task_id, string type, string what);

    [LoggerMessage(3019, LogLevel.Warning, "Task {task_id} met trouble, and its row could not be looked up.")]
    public static partial void NotLookedUp(ILogger log, Exception exception, string task_id);

    [LoggerMessage(3016, LogLevel.Warning, "Redrive {Redrive} met trouble and goes on.")]
    public static partial void RedriveTrouble(ILogger log, Exception exception, string redrive);

    [LoggerMessage(
        3040,
        LogLevel.Error,
        "Task {task_id} ({Type}) cannot be worked with; it stays in the table, and the others go on."
    )]
    public static partial void SetAside(ILogger log, Exception exception, string task_id, string type);

    [LoggerMessage(
        3041,
        LogLevel.Error,
        "The row of task {task_id} cannot be understood: {Fault} It stays in the table, and the others go on."
    )]
    public static partial void NotUnderstood(ILogger log, string task_id, string fault);

    [LoggerMessage(3042, LogLevel.Error, "The thread that wakes timed tasks met a fault and goes on.")]
    public static partial void WakingFailed(ILogger log, Exception exception);

    [LoggerMessage(
        3043,
        LogLevel.Error,
        "What a commit did to tasks was not taken in by memory; the table is read again."
    )]
    public static partial void NotTakenIn(ILogger log, Exception exception);

    [LoggerMessage(3044, LogLevel.Error, "A turn of {Loop} failed; the next is made.")]
    public static partial void TurnFailed(ILogger log, Exception exception, string loop);
}
