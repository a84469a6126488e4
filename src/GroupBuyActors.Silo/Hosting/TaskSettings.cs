using GroupBuyActors.Tasks;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>
/// What the configuration sets of task types' policies: <c>GroupBuy:Tasks:{type}:{setting}</c>, the type as
/// <c>order-close</c> or, where a shell takes no hyphen in a name, as <c>OrderClose</c>.
/// </summary>
internal static class TaskSettings
{
    private static readonly string[] Names =
    [
        "RetryCountMax",
        "RetryForever",
        "BaseDelay",
        "DelayMax",
        "Backoff",
        "TryTimeout",
        "Concurrency",
        "TimeToLive",
        "Lateness",
        "Weight",
        "SpreadWindow",
        "AlertAfter",
    ];

    public static IReadOnlyDictionary<string, TaskPolicyChange> Read(SettingsReader tasks)
    {
        var changes = new Dictionary<string, TaskPolicyChange>(StringComparer.Ordinal);
        foreach (var (type, section) in tasks.Named(TaskTypes.All, "task type"))
        {
            section.Allow(Names);
            var change = ReadType(section);
            foreach (var (field, texts) in change.Faults(TaskPolicies.Of(type)))
                section.Fault(char.ToUpperInvariant(field[0]) + field[1..], string.Join(" ", texts));
            changes[type] = change;
        }

        return changes;
    }

    private static TaskPolicyChange ReadType(SettingsReader section) =>
        new()
        {
            RetryCountMax = section.Int32IfSet("RetryCountMax", 0),
            RetryForever = section.Has("RetryForever")
                ? section.Choice("RetryForever", Answer.False) == Answer.True
                : null,
            BaseDelay = section.DurationIfSet("BaseDelay"),
            DelayMax = section.DurationIfSet("DelayMax"),
            Backoff = section.WordIfSet<TaskBackoff>("Backoff"),
            TryTimeout = section.DurationIfSet("TryTimeout"),
            Concurrency = section.Int32IfSet("Concurrency", 0),
            TimeToLive = section.DurationIfSet("TimeToLive"),
            Lateness = section.DurationIfSet("Lateness"),
            Weight = section.Int32IfSet("Weight"),
            SpreadWindow = section.DurationIfSet("SpreadWindow"),
            AlertAfter = section.Int32IfSet("AlertAfter", 0),
        };

    private enum Answer
    {
        False,
        True,
    }
}
