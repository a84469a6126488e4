using System.Diagnostics.CodeAnalysis;

namespace GroupBuyActors.Tasks;

/// <summary>
/// What waits for a place, by turns: tenants take one each, round by round, and within a tenant the least priority goes first, the
/// earlier arrival of two alike. A tenant with 50,000 items delays another's one by no more than a round of those that wait.
/// </summary>
/// <remarks>
/// Start-time fair queueing (Goyal, Vin and Cheng 1996) with a cost of one an item. Each tenant that waits has the virtual time of its
/// next turn; the least goes first, and virtual time moves to it. A tenant that comes, or comes back, starts at the present virtual
/// time, or after it where it has had its turn then: neither having been idle nor sending one item at a time earns it anything. One operation costs the logarithm of the tenants that wait and of the tenant's own items;
/// a tenant of whom nothing waits leaves nothing behind. It knows no lock: its owner has one.
/// </remarks>
public sealed class FairQueue<TItem>
{
    private readonly Dictionary<long, Tenant> _tenants = [];
    private readonly PriorityQueue<Tenant, (long Turn, long Order)> _turns = new();
    private readonly HashSet<long> _hadTheirTurn = [];
    private long _virtualTime;
    private long _order;

    /// <summary>Items that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Items of one tenant that wait.</summary>
    public int CountOf(long tenant) => _tenants.TryGetValue(tenant, out var own) ? own.Items.Count : 0;

    /// <summary>Adds an item of a tenant.</summary>
    public void Enqueue(TItem item, long tenant, DateTimeOffset priority)
    {
        if (!_tenants.TryGetValue(tenant, out var own))
        {
            _tenants[tenant] = own = new Tenant(tenant) { Turn = _hadTheirTurn.Contains(tenant) ? _virtualTime + 1 : _virtualTime };
            _turns.Enqueue(own, (own.Turn, _order++));
        }

        own.Items.Enqueue(item, (priority, _order++));
        Count++;
    }

    /// <summary>The item that is next, and its priority; false where none waits.</summary>
    public bool TryPeek([MaybeNullWhen(false)] out TItem item, out DateTimeOffset priority)
    {
        if (!_turns.TryPeek(out var own, out _) || !own.Items.TryPeek(out item, out var rank))
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
        if (!_turns.TryDequeue(out var own, out var turn))
        {
            item = default;
            return false;
        }

        item = own.Items.Dequeue();
        Count--;
        if (turn.Turn > _virtualTime)
        {
            _virtualTime = turn.Turn;
            _hadTheirTurn.Clear();
        }

        if (own.Items.Count == 0)
        {
            _tenants.Remove(own.Id);
            _hadTheirTurn.Add(own.Id);
        }
        else _turns.Enqueue(own, (own.Turn = turn.Turn + 1, _order++));
        return true;
    }

    private sealed class Tenant(long id)
    {
        public long Id => id;
        public long Turn { get; set; }
        public PriorityQueue<TItem, (DateTimeOffset Priority, long Order)> Items { get; } = new();
    }
}
