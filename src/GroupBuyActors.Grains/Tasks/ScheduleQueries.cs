using GroupBuyActors.Hosting;
using GroupBuyActors.Schedules;

namespace GroupBuyActors.Tasks;

/// <summary>The report of a schedule for operators.</summary>
/// <param name="Job">The name of the schedule.</param>
/// <param name="Expression">A cron expression, or the ISO 8601 duration of an interval.</param>
/// <param name="Zone">An IANA time zone.</param>
/// <param name="Spread">How far from the exact time a shard may fire.</param>
/// <param name="Rules">For missed and overlapping firings.</param>
/// <param name="Next">The next exact times.</param>
internal sealed record ScheduleReport(
    string Job,
    string Expression,
    string Zone,
    TimeSpan Spread,
    ScheduleRules Rules,
    IReadOnlyList<DateTimeOffset> Next
);

/// <summary>Schedules for operators.</summary>
internal sealed class ScheduleQueries(ScheduleRegistry registry, ClusterClock clock)
{
    /// <summary>All schedules with their next firings, 1 to 1,000.</summary>
    public IReadOnlyList<ScheduleReport> List(int count) =>
        [
            .. registry.Current.All.Select(schedule => new ScheduleReport(
                schedule.Name,
                schedule.Times.Times.Expression,
                schedule.Times.Times.Zone,
                schedule.Times.Spread,
                schedule.Times.Times.Rules,
                schedule.Times.Times.Preview(clock.GetUtcNow(), count)
            )),
        ];
}
