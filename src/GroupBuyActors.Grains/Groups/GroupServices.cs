using GroupBuyActors.Activations;
using GroupBuyActors.Hosting;
using GroupBuyActors.Ports;
using GroupBuyActors.Store.Retention;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Groups;

/// <summary>
/// What every group of a silo shares besides what all actors do: built once, so that an activation is cheap.
/// </summary>
internal sealed class GroupServices(
    ActorServices actors,
    OldJournals oldJournals,
    Relay.StreamRelay relay,
    ITaskStore tasks,
    TaskPolicyRegistry policies,
    IInventory inventory,
    IPayments payments,
    GroupReminders reminders,
    IdGenerator ids,
    GroupMetrics metrics,
    GroupSettings settings,
    IOptions<GrainsOptions> options,
    ILogger<GroupGrain> log
)
{
    private int _active;
    private long _activations;

    public ActorServices Actors { get; } = actors;
    public OldJournals OldJournals { get; } = oldJournals;
    public Relay.StreamRelay Relay { get; } = relay;
    public ITaskStore Tasks { get; } = tasks;
    public TaskPolicyRegistry Policies { get; } = policies;
    public IInventory Inventory { get; } = inventory;
    public IPayments Payments { get; } = payments;
    public GroupReminders Reminders { get; } = reminders;
    public Func<string> NewSecret { get; } = ids.NextSecret;
    public GroupMetrics Metrics { get; } = metrics;
    public GroupSettings Settings { get; } = settings;
    public GrainsOptions Options { get; } = options.Value;
    public ILogger Log { get; } = log;

    /// <summary>Groups active on this silo.</summary>
    public int Active => Volatile.Read(ref _active);

    /// <summary>Activations that began on this silo.</summary>
    public long Activations => Volatile.Read(ref _activations);

    public void Activated()
    {
        Interlocked.Increment(ref _active);
        Interlocked.Increment(ref _activations);
    }

    public void Deactivated() => Interlocked.Decrement(ref _active);
}
