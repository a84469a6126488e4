using GroupBuyActors.Activations;
using GroupBuyActors.Requests;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>The state of one group. Changed only by applying events; one activation owns it.</summary>
internal sealed class GroupState : IActorState
{
    private readonly GroupId _id;
    private ShardId? _shard;

    /// <summary>Creates the state of a group without events.</summary>
    public GroupState(GroupId id) => (_id, Actor) = (id, id.Actor);

    public GroupId Id => _id;

    public ActorId Actor { get; }

    public GroupPhase Phase { get; internal set; }

    /// <summary>The sequence of its last event, 0 for none.</summary>
    public long Sequence { get; internal set; }

    /// <summary>The time of its last event.</summary>
    public DateTimeOffset UpdatedAt { get; internal set; }

    /// <summary>Its terms; null before publication.</summary>
    public GroupTerms? Terms => Phase == GroupPhase.None ? null : StoredTerms;

    public StockFigures Stock => Ledger.Figures;

    public int OrderCount => Orders.Count;

    /// <summary>True if <see cref="GroupCommand.Settle"/> has a fan-out to continue.</summary>
    public bool HasPendingFanOut => OrderWork is not null || NoticeWork is not null;

    /// <summary>
    /// The approximate size of <see cref="GroupSnapshot.Write"/> in bytes; updated as events are applied.
    /// </summary>
    public long ApproximateBytes { get; internal set; } = 512;

    /// <summary>The group for readers; null while it is not published and GET returns 404.</summary>
    public GroupView? View() => Views.Of(this);

    /// <summary>An order for readers; null if it does not exist.</summary>
    public OrderView? Order(int number) => Orders.Find(number) is { } order ? Views.Of(this, order) : null;

    /// <summary>All accepted payments, to rebuild the books.</summary>
    public IEnumerable<PaymentEntry> Payments()
    {
        foreach (var order in Orders.All)
        {
            if (order.Payments is null)
                continue;
            foreach (var payment in order.Payments)
                yield return payment.Entry(new OrderId(Id, order.Number));
        }
    }

    internal ShardId Shard => _shard ??= _id.Shard;

    // Publication. The terms stay after an attempt is abandoned, because the release that undoes it needs them.
    internal int Attempt { get; set; }
    internal GroupTermsRequest? Offer { get; set; }
    internal GroupTerms? StoredTerms { get; set; }
    internal long PublishingSequence { get; set; }
    internal DateTimeOffset PublishingAt { get; set; }
    internal long ShelvedSequence { get; set; }

    // Ending.
    internal JoiningEndReason? JoiningEnded { get; set; }
    internal ExpiryReason? Reason { get; set; }
    internal bool FulfilmentFailed { get; set; }
    internal DateTimeOffset? FulfilledAt { get; set; }
    internal DateTimeOffset? VouchersValidUntil { get; set; }

    // Pending fan-outs. The cursor is the number of the first order that may be affected.
    internal PendingFanOut? OrderWork { get; set; }
    internal int OrderCursor { get; set; } = 1;
    internal PendingFanOut? NoticeWork { get; set; }
    internal int NotifiedUpTo { get; set; }
    internal int NotifyUpTo { get; set; }

    internal OrderBook Orders { get; } = new();
    internal StockLedger Ledger { get; set; } = new();
    internal RequestMemory<GroupAnswer> Requests { get; } = new();

    internal bool IsPublished => Phase is not (GroupPhase.None or GroupPhase.Publishing);

    internal GroupTerms RequireTerms() =>
        StoredTerms ?? throw new InvalidOperationException($"Group {Id} has no terms.");

    internal TaskKey TaskKey(DateTimeOffset due, long sequence, TaskType type, int n = 0) =>
        new(Shard, due, TaskIds.Of(Actor, sequence, type.Name, n)) { Type = type.Name };
}

/// <summary>
/// The fan-out opened by an event; the id of its <c>group-settle</c> task, if it has one, contains the event's
/// sequence.
/// </summary>
internal readonly record struct PendingFanOut(long Sequence, DateTimeOffset At);
