using System.Diagnostics.CodeAnalysis;

namespace GroupBuyActors.Tasks;

/// <summary>
/// A queue that is fair to tenants: each takes one item per round, and within a tenant the least priority goes
/// first, the earlier arrival of two alike. A tenant with 50,000 items delays another's one by no more than a round of
/// those that wait.
/// </summary>
/// <remarks>
/// Deficit round robin (Shreedhar and Varghese 1995) with a cost of one an item: tenants stand in a line, the first
/// takes one and, where more of it waits, stands last again. A tenant that comes, or comes back, stands last, so
/// neither having been idle nor sending one item at a time earns it anything, and no stream of tenants that each bring
/// one item can keep one that stands before them from its turn. One operation costs the logarithm of the tenant's own
/// items; a tenant of whom nothing waits leaves nothing behind. An item that was removed meanwhile is skipped and costs
/// its tenant no turn. Not thread-safe: the owner locks.
/// </remarks>
/// <param name="isRemoved">True for an item that was removed; null: none ever is.</param>
internal sealed class FairQueue<TItem>(Predicate<TItem>? isRemoved = null)
{
    private readonly Dictionary<long, Tenant> _tenants = [];
    private readonly Queue<Tenant> _turns = new();
    private long _arrivals;

    /// <summary>Items that wait, those that are gone and have not come up yet among them.</summary>
    public int Count { get; private set; }

    /// <summary>Adds an item of a tenant.</summary>
    public void Enqueue(TItem item, long tenant, DateTimeOffset priority)
    {
        if (!_tenants.TryGetValue(tenant, out var own))
        {
            _tenants[tenant] = own = new Tenant(tenant);
            _turns.Enqueue(own);
        }

        own.Items.Enqueue(item, (priority, _arrivals++));
        Count++;
    }

    /// <summary>The item that is next, and its priority; false where none waits.</summary>
    public bool TryPeek([MaybeNullWhen(false)] out TItem item, out DateTimeOffset priority)
    {
        SkipRemoved();
        if (!_turns.TryPeek(out var own) || !own.Items.TryPeek(out item, out var rank))
        {
            (item, priority) = (default, default);
            return false;
        }

        priority = rank.Priority;
        return true;
    }

    /// <summary>Takes the item that is next; false where none waits.</summary>
    public bool TryDequeue([MaybeNullWhen(false)] out TItem item)
    {
        SkipRemoved();
        if (!_turns.TryDequeue(out var own))
        {
            item = default;
            return false;
        }

        item = own.Items.Dequeue();
        Count--;
        if (own.Items.Count == 0)
            _tenants.Remove(own.Id);
        else
            _turns.Enqueue(own);
        return true;
    }

    /// <summary>
    /// Until the tenant whose turn it is has an item that is wanted: one of whom nothing is wanted leaves the line.
    /// </summary>
    private void SkipRemoved()
    {
        if (isRemoved is null)
            return;
        while (_turns.TryPeek(out var own))
        {
            while (own.Items.TryPeek(out var item, out _) && isRemoved(item))
            {
                own.Items.Dequeue();
                Count--;
            }

            if (own.Items.Count > 0)
                return;
            _turns.Dequeue();
            _tenants.Remove(own.Id);
        }
    }

    private sealed class Tenant(long id)
    {
        public long Id => id;
        public PriorityQueue<TItem, (DateTimeOffset Priority, long Arrival)> Items { get; } = new();
    }
}
