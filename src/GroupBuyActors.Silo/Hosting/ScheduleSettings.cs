using GroupBuyActors.Silo.Http;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>What the configuration sets of scheduled jobs: <c>GroupBuy:Schedules:{job}:{setting}</c>, the job as <c>voucher-scan</c> or <c>VoucherScan</c>.</summary>
internal static class ScheduleSettings
{
    private static readonly string[] Names = ["Expression", "Zone", "Spread", "Misfire", "Overlap", "Grace", "CatchUpMax", "CatchUpWindow"];

    public static IReadOnlyDictionary<string, CronJobChange> Read(SettingsReader schedules)
    {
        var changes = new Dictionary<string, CronJobChange>(StringComparer.Ordinal);
        foreach (var (name, _) in schedules.Children())
        {
            if (CronJobs.All.FirstOrDefault(job => job.Job.Replace("-", "").Equals(name.Replace("-", ""), StringComparison.OrdinalIgnoreCase)) is not { } job)
            {
                schedules.Fault(name, $"there is no such job; there are {string.Join(", ", CronJobs.All.Select(known => known.Job))}");
                continue;
            }

            var section = schedules.Section(name);
            foreach (var (setting, _) in section.Children())
                if (!Names.Contains(setting, StringComparer.OrdinalIgnoreCase)) section.Fault(setting, $"there is no such setting; there are {string.Join(", ", Names)}");
            var change = ReadJob(section);
            foreach (var (setting, text) in change.Faults(job)) section.Fault(setting, text);
            changes[job.Job] = change;
        }

        return changes;
    }

    private static CronJobChange ReadJob(SettingsReader section) => new()
    {
        Expression = section.Text("Expression"),
        Zone = section.Text("Zone"),
        Spread = Duration(section, "Spread"),
        Misfire = Word<MisfirePolicy>(section, "Misfire"),
        Overlap = Word<OverlapPolicy>(section, "Overlap"),
        Grace = Duration(section, "Grace"),
        CatchUpMax = section.Has("CatchUpMax") ? section.Int32("CatchUpMax", 1, int.MinValue, int.MaxValue) : null,
        CatchUpWindow = Duration(section, "CatchUpWindow"),
    };

    private static TimeSpan? Duration(SettingsReader section, string name) => section.Has(name) ? section.Duration(name, TimeSpan.FromSeconds(1)) : null;

    private static T? Word<T>(SettingsReader section, string name) where T : struct, Enum
    {
        if (section.Text(name) is not { } text) return null;
        if (JsonNames<T>.TryParse(text, out var value)) return value;
        section.Fault(name, $"one of {JsonNames<T>.All} is expected, not '{text}'");
        return null;
    }
}
