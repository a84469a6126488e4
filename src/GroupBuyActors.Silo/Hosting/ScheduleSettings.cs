using GroupBuyActors.Tasks;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>
/// What the configuration sets of scheduled jobs: <c>GroupBuy:Schedules:{job}:{setting}</c>, the job as
/// <c>voucher-scan</c> or <c>VoucherScan</c>.
/// </summary>
internal static class ScheduleSettings
{
    private static readonly string[] Names =
    [
        "Expression",
        "Zone",
        "Spread",
        "Misfire",
        "Overlap",
        "Grace",
        "CatchUpMax",
        "CatchUpWindow",
    ];

    public static IReadOnlyDictionary<string, CronJobChange> Read(SettingsReader schedules)
    {
        var changes = new Dictionary<string, CronJobChange>(StringComparer.Ordinal);
        foreach (var (job, section) in schedules.Named([.. CronJobs.All.Select(job => job.Job)], "job"))
        {
            section.Allow(Names);
            var change = ReadJob(section);
            foreach (var (setting, text) in change.Faults(CronJobs.All.First(known => known.Job == job)))
                section.Fault(setting, text);
            changes[job] = change;
        }

        return changes;
    }

    private static CronJobChange ReadJob(SettingsReader section) =>
        new()
        {
            Expression = section.Text("Expression"),
            Zone = section.Text("Zone"),
            Spread = section.DurationIfSet("Spread"),
            Misfire = section.WordIfSet<MisfirePolicy>("Misfire"),
            Overlap = section.WordIfSet<OverlapPolicy>("Overlap"),
            Grace = section.DurationIfSet("Grace"),
            CatchUpMax = section.Int32IfSet("CatchUpMax"),
            CatchUpWindow = section.DurationIfSet("CatchUpWindow"),
        };
}
