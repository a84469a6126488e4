using System.Diagnostics.CodeAnalysis;

namespace GroupBuyActors.Tasks;

/// <summary>
/// A queue that is fair to tenants: each gets one item per round. Within a tenant the earliest priority is first, and
/// the earlier arrival if two are equal. A tenant with 50,000 items delays another tenant's item by no more than one
/// round of the waiting tenants.
/// </summary>
/// <remarks>
/// Deficit round robin (Shreedhar and Varghese 1995) with a cost of one for each item: tenants wait in a queue; the
/// first gets one item and, if it has more, goes to the end. A tenant that comes, or comes back, is added at the end,
/// so it gains nothing by having been idle or by sending one item at a time, and new tenants cannot keep a waiting one
/// from its turn. One operation costs the logarithm of the number of the tenant's own items; a tenant without items
/// takes no memory. An item that was removed meanwhile is skipped and costs its tenant no turn. Not thread-safe: the
/// owner locks.
/// </remarks>
/// <param name="isRemoved">True for an item that was removed; null if items are never removed.</param>
internal sealed class FairQueue<TItem>(Predicate<TItem>? isRemoved = null)
{
    private readonly Dictionary<long, Tenant> _tenants = [];
    private readonly Queue<Tenant> _turns = new();
    private long _arrivals;

    /// <summary>The number of waiting items, including removed ones that were not skipped yet.</summary>
    public int Count { get; private set; }

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

    /// <summary>Gets the next item and its priority; false if there is none.</summary>
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

    /// <summary>Removes and returns the next item; false if there is none.</summary>
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
    /// Drops removed items until the first tenant has one that was not removed; tenants without one leave the queue.
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
