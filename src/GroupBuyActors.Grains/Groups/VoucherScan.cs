using GroupBuyActors.Schedules;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Groups;

/// <summary>
/// The daily scan of a shard: vouchers whose validity is over lapse, and their groups end. Redeeming checks validity
/// itself, so nothing depends on when the scan runs; a group that fails is tried again the next day and does not affect
/// others.
/// </summary>
internal sealed class VoucherScan(
    IGrainFactory grains,
    IGroupQueries queries,
    CronScheduler firings,
    ILogger<VoucherScan> log
) : ITaskHandler
{
    private const int PageSize = 200,
        CallsMax = 1_000;

    public const string TypeName = "voucher-scan";

    public static TaskType<FiringTask> TaskType { get; } =
        new(
            new TaskPolicy
            {
                Type = TypeName,
                Lateness = TimeSpan.FromMinutes(10),
                Concurrency = 4,
                TryTimeout = TimeSpan.FromMinutes(10),
                Retry = new() { FirstDelays = [TimeSpan.FromMinutes(30)], RetryCountMax = 1 },
            },
            FiringTaskJson.Default.FiringTask
        );

    /// <summary>
    /// Daily at midnight, ± 10 min. One run makes up for what was missed; China has had no daylight saving since 1991.
    /// </summary>
    public static ScheduleDefinition Daily { get; } =
        new(
            TypeName,
            TypeName,
            new ScheduleTiming.Cron("0 0 * * *", "Asia/Shanghai") { UtcExpression = "0 16 * * *" },
            TimeSpan.FromMinutes(10),
            new ScheduleRules()
        );

    public string Type => TypeName;

    public async Task<HandlerResult> RunAsync(DueTask due, CancellationToken cancellation)
    {
        var (shard, firing) = (due.Task.Key.Shard, TaskType.Read(due.Task.Payload).Firing);
        if (firings.SkipIfOutdated(due, firing) is { } skipped)
            return skipped;
        try
        {
            GroupId? after = null;
            while (true)
            {
                var page = await queries.LapsedGroupsAsync(shard, due.Now, after, PageSize, cancellation);
                foreach (var group in page)
                {
                    cancellation.ThrowIfCancellationRequested();
                    await LapseAsync(shard, group, due.Task.Trace);
                }

                if (page.Count < PageSize)
                    break;
                after = page[^1];
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            var step = due.AfterFailure();
            if (step.Decision == RetryDecision.Again)
                return new HandlerResult.Failed(step, e.Message);
        }

        return firings.Conclude(due, firing);
    }

    private async Task LapseAsync(ShardId shard, GroupId group, string? trace)
    {
        try
        {
            for (
                var calls = 0;
                calls < CallsMax && await grains.GetGrain<IGroupTasks>(group.Value).LapseVouchers(trace);
                calls++
            ) { }
        }
        catch (Exception e)
        {
            TaskLog.NotLapsed(log, e, shard, group);
        }
    }
}
