using GroupBuyActors.Store.Reading;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Tasks.Handlers;

/// <summary>
/// The daily scan of a shard: groups whose vouchers' validity is over end. It is bookkeeping, for redeeming checks
/// validity itself; a group that cannot be ended now is left to the next day's, and holds up none of the others.
/// </summary>
internal sealed class VoucherScanHandler(
    GroupCalls groups,
    IListings listings,
    CronFirings firings,
    ILogger<VoucherScanHandler> log
) : ITaskHandler
{
    private const int PageSize = 200,
        CallsMax = 1_000;

    public string Type => TaskTypes.VoucherScan;

    public async Task<TaskVerdict> RunAsync(DueTask due, CancellationToken cancellation)
    {
        var (shard, firing) = (due.Task.Key.Shard, TaskPayloads.Read<FiringTask>(due.Task.Payload).Firing);
        if (firings.LeaveOut(due, firing) is { } leftOut)
            return leftOut;
        try
        {
            GroupId? after = null;
            while (true)
            {
                var page = await listings.LapsedGroupsAsync(shard, due.Now, after, PageSize, cancellation);
                foreach (var group in page)
                    await LapseAsync(shard, group, due.Task.Trace);
                if (page.Count < PageSize)
                    break;
                after = page[^1];
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            var step = due.AfterFailure();
            if (step.Verdict == RetryVerdict.Again)
                return TaskVerdict.Failed(step, e.Message);
        }

        return firings.Conclude(due, firing);
    }

    private async Task LapseAsync(ShardId shard, GroupId group, string? trace)
    {
        try
        {
            for (var calls = 0; calls < CallsMax && await groups.LapseAsync(group, trace); calls++) { }
        }
        catch (Exception e)
        {
            TaskLog.NotLapsed(log, e, shard, group);
        }
    }
}
