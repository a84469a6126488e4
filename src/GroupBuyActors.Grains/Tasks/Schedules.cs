using GroupBuyActors.Reconciliation;

namespace GroupBuyActors.Tasks;

/// <inheritdoc/>
internal sealed class Schedules(VoucherScans scans, ReconciliationSchedule comparisons) : ISchedules
{
    public IReadOnlyList<ScheduleReport> List(int count) => [.. scans.List(count), comparisons.Report(count)];
}
