using System.Net;
using GroupBuyActors.Schedules;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Hosting;

/// <summary>Settings of the actors and of the silo's own services.</summary>
public sealed partial class GrainsOptions
{
    /// <summary>
    /// The region that this silo serves first, or null for none: it is preferred as the home of shards of that region.
    /// </summary>
    public string? Region { get; set; }

    /// <summary>
    /// Where this silo shows to other silos that its process lives; null if it does not, and then it watches no others,
    /// either. The port must not be reachable from outside the cluster.
    /// </summary>
    public IPEndPoint? Liveness { get; set; }

    /// <summary>
    /// The configuration of task policies (<c>GroupBuy:Tasks:{type}:…</c>), by type; an operator's change while running
    /// overrides it.
    /// </summary>
    public Dictionary<string, TaskPolicyChange> TaskPolicies { get; } = new(StringComparer.Ordinal);

    /// <summary>The configuration of schedules (<c>GroupBuy:Schedules:{name}:…</c>), by name.</summary>
    public Dictionary<string, ScheduleChange> Schedules { get; } = new(StringComparer.Ordinal);

    /// <summary>How long data is kept.</summary>
    public RetentionOptions Retention { get; set; } = new();
}

/// <summary>Reports the faults of all settings at once.</summary>
internal sealed class GrainsOptionsCheck : IValidateOptions<GrainsOptions>
{
    public ValidateOptionsResult Validate(string? name, GrainsOptions options)
    {
        var faults = new List<string>();
        foreach (var schedule in TaskRegistrations.Schedules)
            if (options.Schedules.TryGetValue(schedule.Name, out var change))
                faults.AddRange(
                    change.Faults(schedule).Select(fault => $"Schedule {schedule.Name}, {fault.Key}: {fault.Value}")
                );
        faults.AddRange(options.Retention.Faults().Select(fault => $"Retention, {fault.Name}: {fault.Fault}."));
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
