using GroupBuyActors.Reading;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Slots;

/// <summary>The outcomes of tasks of several databases; a task's are in that of its shard.</summary>
internal sealed class SlotTaskOutcomes(SlotStores stores) : ITaskOutcomes
{
    private static readonly KeysetMerge<TaskOutcome, TaskOutcomePosition> Newest = new(
        TaskOutcomePosition.Of,
        token => TaskOutcomePosition.Read(token) ?? default,
        position => position.Write(),
        Comparer<TaskOutcomePosition>.Create(Compare)
    );

    public Task<TaskOutcome?> FindAsync(string taskId, CancellationToken cancellation) =>
        TaskIds.TryGetShard(taskId, out var shard)
            ? stores.Of(shard).Outcomes.FindAsync(taskId, cancellation)
            : Task.FromResult<TaskOutcome?>(null);

    public async Task<Page<TaskOutcome>> SearchAsync(
        TaskOutcomeFilter filter,
        string? after,
        int limit,
        CancellationToken cancellation
    ) =>
        (filter.Actor?.Shard ?? filter.Shard) is { } shard
            ? await stores.Of(shard).Outcomes.SearchAsync(filter, after, limit, cancellation).ConfigureAwait(false)
            : Newest.Page(
                await stores
                    .AllAsync(store => store.Outcomes.SearchAsync(filter, after, limit, cancellation))
                    .ConfigureAwait(false),
                limit
            );

    public async Task<int> CountAsync(TaskOutcomeFilter filter, int max, CancellationToken cancellation)
    {
        var counts = await stores
            .AllAsync(store => store.Outcomes.CountAsync(filter, max, cancellation))
            .ConfigureAwait(false);
        return (int)Math.Min(max, counts.Sum(count => (long)count));
    }

    public Task<int> MarkRedrivenAsync(
        IReadOnlyCollection<TaskOutcomeKey> keys,
        DateTimeOffset at,
        CancellationToken cancellation
    ) => MarkAsync(keys, (outcomes, some) => outcomes.MarkRedrivenAsync(some, at, cancellation));

    public Task<int> DismissAsync(
        IReadOnlyCollection<TaskOutcomeKey> keys,
        DateTimeOffset at,
        CancellationToken cancellation
    ) => MarkAsync(keys, (outcomes, some) => outcomes.DismissAsync(some, at, cancellation));

    public async Task<TaskOutcomeMaintenance> MaintainAsync(
        DateOnly today,
        int keepDays,
        int aheadDays,
        IReadOnlyCollection<string> undecidedTypes,
        CancellationToken cancellation
    )
    {
        var all = await stores
            .AllAsync(store => store.Outcomes.MaintainAsync(today, keepDays, aheadDays, undecidedTypes, cancellation))
            .ConfigureAwait(false);
        return new TaskOutcomeMaintenance(
            all.Sum(one => one.Made),
            all.Sum(one => one.Dropped),
            all.All(one => one.Complete)
        );
    }

    private async Task<int> MarkAsync(
        IReadOnlyCollection<TaskOutcomeKey> keys,
        Func<ITaskOutcomes, IReadOnlyCollection<TaskOutcomeKey>, Task<int>> mark
    )
    {
        var marked = await Task.WhenAll(
                keys.Where(key => TaskIds.TryGetShard(key.TaskId, out _))
                    .GroupBy(key => TaskIds.TryGetShard(key.TaskId, out var shard) ? stores.Of(shard) : stores.First)
                    .Select(store => mark(store.Key.Outcomes, [.. store]))
            )
            .ConfigureAwait(false);
        return marked.Sum();
    }

    private static int Compare(TaskOutcomePosition a, TaskOutcomePosition b)
    {
        if (b.EndedMs.CompareTo(a.EndedMs) is var times and not 0)
            return times;
        return string.CompareOrdinal(b.TaskId, a.TaskId) is var ids and not 0 ? ids : b.Version.CompareTo(a.Version);
    }
}
