using GroupBuyActors.Schedules;
using GroupBuyActors.Silo.Settings;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>
/// Settings of task policies, <c>GroupBuy:Tasks:{type}:{setting}</c>, and of schedules,
/// <c>GroupBuy:Schedules:{name}:{setting}</c>. A type or schedule is written as <c>order-close</c> or, for shells that
/// allow no hyphen in a name, as <c>OrderClose</c>.
/// </summary>
internal static class TaskSettings
{
    public static IReadOnlyDictionary<string, TaskPolicyChange> ReadPolicies(SettingsReader tasks)
    {
        var changes = new Dictionary<string, TaskPolicyChange>(StringComparer.Ordinal);
        foreach (var (type, section) in tasks.Named(TaskRegistrations.Types.Names, "task type"))
        {
            var change = changes[type] = section.Bind<TaskPolicyChange>();
            section.Fault(
                change
                    .Faults(TaskRegistrations.Types.Of(type).Policy)
                    .Select(fault => (Setting(fault.Key), string.Join(" ", fault.Value)))
            );
        }

        return changes;
    }

    public static IReadOnlyDictionary<string, ScheduleChange> ReadSchedules(SettingsReader schedules)
    {
        var changes = new Dictionary<string, ScheduleChange>(StringComparer.Ordinal);
        foreach (
            var (job, section) in schedules.Named(
                [.. TaskRegistrations.Schedules.Select(schedule => schedule.Name)],
                "job"
            )
        )
        {
            var change = changes[job] = section.Bind<ScheduleChange>();
            section.Fault(
                change
                    .Faults(TaskRegistrations.Schedules.First(known => known.Name == job))
                    .Select(fault => (fault.Key, fault.Value))
            );
        }

        return changes;
    }

    // Faults of a policy have the field names of the API.
    private static string Setting(string field) => char.ToUpperInvariant(field[0]) + field[1..];
}
