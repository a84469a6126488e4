using GroupBuyActors.Tasks;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>
/// What the configuration sets of task types' policies: <c>GroupBuy:Tasks:{type}:{setting}</c>, the type as <c>order-close</c> or, where
/// a shell takes no hyphen in a name, as <c>OrderClose</c>.
/// </summary>
internal static class TaskSettings
{
    private static readonly string[] Names =
        ["RetryCountMax", "RetryForever", "BaseDelay", "DelayMax", "Backoff", "TryTimeout", "Concurrency", "TimeToLive", "Lateness", "Weight", "SpreadWindow", "AlertAfter"];

    public static IReadOnlyDictionary<string, TaskPolicyChange> Read(SettingsReader tasks)
    {
        var changes = new Dictionary<string, TaskPolicyChange>(StringComparer.Ordinal);
        foreach (var (name, _) in tasks.Children())
        {
            if (TaskTypes.All.FirstOrDefault(type => type.Replace("-", "").Equals(name.Replace("-", ""), StringComparison.OrdinalIgnoreCase)) is not { } type)
            {
                tasks.Fault(name, $"there is no such task type; there are {string.Join(", ", TaskTypes.All)}");
                continue;
            }

            var section = tasks.Section(name);
            foreach (var (setting, _) in section.Children())
                if (!Names.Contains(setting, StringComparer.OrdinalIgnoreCase)) section.Fault(setting, $"there is no such setting; there are {string.Join(", ", Names)}");
            var change = ReadType(section);
            foreach (var (field, texts) in change.Faults(TaskPolicies.Of(type))) section.Fault(char.ToUpperInvariant(field[0]) + field[1..], string.Join(" ", texts));
            changes[type] = change;
        }

        return changes;
    }

    private static TaskPolicyChange ReadType(SettingsReader section) => new()
    {
        RetryCountMax = section.Has("RetryCountMax") ? section.Int32("RetryCountMax", 0, 0, int.MaxValue) : null,
        RetryForever = section.Has("RetryForever") ? section.Choice("RetryForever", Answer.False) == Answer.True : null,
        BaseDelay = Duration(section, "BaseDelay"),
        DelayMax = Duration(section, "DelayMax"),
        Backoff = ReadBackoff(section),
        TryTimeout = Duration(section, "TryTimeout"),
        Concurrency = section.Has("Concurrency") ? section.Int32("Concurrency", 1, 0, int.MaxValue) : null,
        TimeToLive = Duration(section, "TimeToLive"),
        Lateness = Duration(section, "Lateness"),
        Weight = section.Has("Weight") ? section.Int32("Weight", 0, int.MinValue, int.MaxValue) : null,
        SpreadWindow = Duration(section, "SpreadWindow"),
        AlertAfter = section.Has("AlertAfter") ? section.Int32("AlertAfter", 0, 0, int.MaxValue) : null,
    };

    private static TimeSpan? Duration(SettingsReader section, string name) => section.Has(name) ? section.Duration(name, TimeSpan.FromSeconds(1)) : null;

    private static TaskBackoff? ReadBackoff(SettingsReader section)
    {
        if (section.Text("Backoff") is not { } text) return null;
        if (Http.JsonNames<TaskBackoff>.TryParse(text, out var backoff)) return backoff;
        section.Fault("Backoff", $"one of {Http.JsonNames<TaskBackoff>.All} is expected, not '{text}'");
        return null;
    }

    private enum Answer
    {
        False,
        True,
    }
}
