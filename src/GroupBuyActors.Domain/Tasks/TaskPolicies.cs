using System.Collections.Frozen;

namespace GroupBuyActors.Tasks;

/// <summary>Whom a task waits for while it runs: a service that may be slow or silent for seconds.</summary>
public enum TaskTarget
{
    /// <summary>Nobody outside: groups and the store.</summary>
    None,

    /// <summary>The payment provider.</summary>
    Payments,

    /// <summary>The inventory service.</summary>
    Inventory,

    /// <summary>The notice service.</summary>
    Notices,

    /// <summary>Services by their contracts.</summary>
    Services,
}

/// <summary>What holds for all tasks of one type.</summary>
public sealed record TaskPolicy
{
    /// <summary>See <see cref="TaskTypes"/>.</summary>
    public required string Type { get; init; }

    /// <summary>When a failed try is followed by another.</summary>
    public required RetryPolicy Retry { get; init; }

    /// <summary>
    /// How late a run may be and still be as promised (SPEC section 3); zero: strict, as exact as the machine allows.
    /// </summary>
    public TimeSpan Lateness { get; init; }

    /// <summary>Whom its runs wait for.</summary>
    public TaskTarget Target { get; init; }

    /// <summary>True where a group's state depends on it: it never gives up and cannot be cancelled by hand.</summary>
    public bool IsNeeded { get; init; }

    /// <summary>A try that takes longer has failed.</summary>
    public TimeSpan TryTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Tasks of this type that one silo runs at the same time.</summary>
    public int Concurrency { get; init; } = 64;

    /// <summary>Order among due tasks: <c>priority = due − weight × bias</c>; more is earlier.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Due times of a herd are spread forward over this; zero: none is.</summary>
    public TimeSpan SpreadWindow { get; init; }

    /// <summary>Grows with each change while running; 0: the release's, or the configuration's.</summary>
    public int Version { get; init; }
}

/// <summary>The policies that hold unless configured otherwise: the table of SPEC section 3.</summary>
public static class TaskPolicies
{
    private static readonly TimeSpan OneMinute = TimeSpan.FromMinutes(1),
        TenMinutes = TimeSpan.FromMinutes(10);

    // Notices are worth nothing late, and twenty of them an hour annoy a provider less than a queue of stale ones.
    private static readonly TimeSpan NoticeTimeToLive = TimeSpan.FromHours(1);

    private static readonly FrozenDictionary<string, TaskPolicy> Defaults = new TaskPolicy[]
    {
        new()
        {
            Type = TaskTypes.OrderClose,
            Target = TaskTarget.Payments,
            IsNeeded = true,
            Weight = 8,
            Concurrency = 256,
            Retry = new()
            {
                RetryCountMax = 3,
                WhenUsedUp = RetryVerdict.DecideWithout,
                DelayMax = OneMinute,
                AlertAfter = 10,
            },
        },
        new()
        {
            Type = TaskTypes.GroupDeadline,
            IsNeeded = true,
            Weight = 10,
            Concurrency = 256,
            Retry = new() { DelayMax = OneMinute, AlertAfter = 10 },
        },
        new()
        {
            Type = TaskTypes.GroupSettle,
            IsNeeded = true,
            Weight = 5,
            Lateness = TimeSpan.FromSeconds(1),
            Retry = new() { DelayMax = OneMinute, AlertAfter = 10 },
        },
        new()
        {
            Type = TaskTypes.StockRollback,
            Target = TaskTarget.Inventory,
            IsNeeded = true,
            Weight = 5,
            Lateness = TimeSpan.FromSeconds(2),
            Retry = new()
            {
                FirstDelays = [TimeSpan.Zero, TimeSpan.Zero],
                DelayMax = OneMinute,
                AlertAfter = 2,
            },
        },
        new()
        {
            Type = TaskTypes.SuccessSaga,
            Target = TaskTarget.Inventory,
            IsNeeded = true,
            Weight = 10,
            Lateness = TimeSpan.FromMilliseconds(100),
            Concurrency = 256,
            Retry = new()
            {
                FirstDelays = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)],
                RetryCountMax = 2,
                WhenUsedUp = RetryVerdict.DecideWithout,
                DelayMax = OneMinute,
                AlertAfter = 10,
            },
        },
        new()
        {
            Type = TaskTypes.Refund,
            Target = TaskTarget.Payments,
            Weight = 4,
            Lateness = TimeSpan.FromSeconds(5),
            Retry = new()
            {
                DelayMax = TenMinutes,
                AlertAfter = 10,
                AgeMax = TimeSpan.FromDays(3),
            },
        },
        new()
        {
            Type = TaskTypes.PaymentCheck,
            Target = TaskTarget.Payments,
            Weight = 2,
            Lateness = OneMinute,
            Retry = new() { DelayMax = TenMinutes, AlertAfter = 10 },
        },
        new()
        {
            Type = TaskTypes.Notify,
            Target = TaskTarget.Notices,
            Weight = 3,
            Lateness = TimeSpan.FromSeconds(5),
            Retry = new() { RetryCountMax = 5, TimeToLive = NoticeTimeToLive },
        },
        new()
        {
            Type = TaskTypes.VoucherScan,
            Lateness = TenMinutes,
            Concurrency = 4,
            TryTimeout = TenMinutes,
            Retry = new() { FirstDelays = [TimeSpan.FromMinutes(30)], RetryCountMax = 1 },
        },
        new()
        {
            Type = TaskTypes.HttpCallback,
            Target = TaskTarget.Services,
            Lateness = TimeSpan.FromSeconds(5),
            TryTimeout = TimeSpan.FromSeconds(30),
            Retry = new() { RetryCountMax = 3 },
        },
        new()
        {
            // A try ends by itself well before its timeout and leaves what is left to another.
            Type = TaskTypes.Reconciliation,
            Lateness = TenMinutes,
            Concurrency = 2,
            TryTimeout = TimeSpan.FromMinutes(15),
            Retry = new() { FirstDelays = [TenMinutes, TimeSpan.FromHours(1)], RetryCountMax = 2 },
        },
    }.ToFrozenDictionary(policy => policy.Type, StringComparer.Ordinal);

    /// <summary>The policy of a type; throws <see cref="KeyNotFoundException"/> on one that does not exist.</summary>
    public static TaskPolicy Of(string type) => Defaults[type];

    /// <summary>All of them, in the order of <see cref="TaskTypes.All"/>.</summary>
    public static IEnumerable<TaskPolicy> All => TaskTypes.All.Select(Of);
}
