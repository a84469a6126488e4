using System.Collections.Concurrent;
using GroupBuyActors.Groups;
using GroupBuyActors.Store.Tasks;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Reconciliation;

/// <summary>Asks groups for their books, several in parallel.</summary>
internal sealed class QueriedGroups(
    IGrainFactory grains,
    ITaskStore tasks,
    TimeProvider time,
    ILogger<QueriedGroups> log
)
{
    private const int AtOnce = 8,
        TasksPage = 500;
    private static readonly TimeSpan QueryTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The groups' answers; groups that do not answer are left out.</summary>
    public async Task<IReadOnlyDictionary<GroupId, GroupBooks>> QueryAsync(
        IEnumerable<IGrouping<GroupId, int>> groups,
        CancellationToken cancellation
    )
    {
        var answers = new ConcurrentDictionary<GroupId, GroupBooks>();
        await Parallel.ForEachAsync(
            groups,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation },
            async (group, ct) =>
            {
                try
                {
                    var reply = await grains
                        .GetGrain<IGroupTasks>(group.Key.Value)
                        .ReadBooks([.. group.Distinct()])
                        .WaitAsync(QueryTimeout, time, ct);
                    answers[group.Key] = reply.ToBooks(group.Key);
                }
                catch (Exception e) when (!ct.IsCancellationRequested)
                {
                    // Its silo is leaving, or the store is not available: the line is not compared, and the result
                    // shows that.
                    ReconciliationLog.NotQueried(log, e, group.Key);
                }
            }
        );
        return answers;
    }

    /// <summary>The numbers of a group's closed orders whose payment check is pending.</summary>
    public async Task<HashSet<int>> ToBeCheckedAsync(GroupId group, CancellationToken cancellation)
    {
        var orders = new HashSet<int>();
        for (string? after = null; ; )
        {
            var page = await tasks.ListAsync(
                new TaskFilter(PaymentCheck.TypeName, Actor: group.Actor),
                after,
                TasksPage,
                cancellation
            );
            orders.UnionWith(page.Items.Select(task => PaymentCheck.Type.Read(task.Payload).Order));
            if ((after = page.Next) is null)
                return orders;
        }
    }
}
