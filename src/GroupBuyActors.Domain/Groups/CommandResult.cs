using GroupBuyActors.Activations;
using GroupBuyActors.Committing;
using GroupBuyActors.Events;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>What a decision may look at besides the state. Clock, chance and settings come from outside.</summary>
internal sealed record CommandContext
{
    /// <summary>The cluster's clock; the group's now is the later of this and its last event.</summary>
    public required DateTimeOffset Clock { get; init; }

    /// <summary>Settings that hold for all groups.</summary>
    public required GroupSettings Settings { get; init; }

    /// <summary>Draws an unguessable text for a voucher, 26 characters of <c>[a-z0-9]</c>.</summary>
    public required Func<string> NewSecret { get; init; }

    /// <summary>The timed task that brings the command: completed by the same commit.</summary>
    public TaskKey? Completes { get; init; }

    /// <summary>W3C traceparent to store with events and tasks, or null.</summary>
    public string? Trace { get; init; }

    /// <summary>
    /// Bytes that one commit may have, as <see cref="CommitBytes"/> counts; at least
    /// <see cref="CommitBytes.LeastMax"/>.
    /// </summary>
    public int CommitBytesMax { get; init; } = int.MaxValue;
}

/// <summary>Settings that hold for all groups.</summary>
internal sealed record GroupSettings
{
    /// <summary>
    /// How long after its close an unpaid order is checked at the provider once more; a payment made later is found by
    /// no check. Default 10 min.
    /// </summary>
    public TimeSpan ProviderWindow { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Stock is released this long after it can no longer be sold: 5 s.</summary>
    public TimeSpan ReleaseDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A publication still waiting for stock after this is abandoned; default 30 s, above the reserve call's own limit.
    /// </summary>
    public TimeSpan PublicationGuard { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Request keys are remembered this long: 24 h.</summary>
    public TimeSpan RequestMemory { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Orders that are fanned out in one commit at most: 500; fewer where their bytes do not fit.</summary>
    public int FanOutPerCommit { get; init; } = 500;
}

/// <summary>An event with its place in the group's history.</summary>
/// <param name="Sequence">From 1, gap-free.</param>
/// <param name="Time">The group's now when it was decided.</param>
/// <param name="Event">What happened.</param>
/// <param name="Request">On the last event of a commit that answers a request key: what to remember; else null.</param>
internal sealed record RecordedEvent(
    long Sequence,
    DateTimeOffset Time,
    GroupEvent Event,
    RequestRecord? Request = null
);

/// <summary>Stored with an event so that a replay knows the request again and can rebuild its first answer.</summary>
/// <param name="Id">The request key's id.</param>
/// <param name="Fingerprint">Of its body.</param>
/// <param name="Order">The order that the answer shows, or null where it shows the group.</param>
/// <param name="Outcome">How it went.</param>
/// <param name="Brief">True where the answer carries the group's brief (a join).</param>
internal sealed record RequestRecord(string Id, string Fingerprint, int? Order, ReplyOutcome Outcome, bool Brief);

/// <summary>A row for the order status log: the order as it is after an event that changed its status.</summary>
internal sealed record OrderStatusChange(long Sequence, DateTimeOffset Time, OrderView Order) : KindRow
{
    private const int BytesMax = 900;

    /// <inheritdoc/>
    public override int Bytes => BytesOf(Order.UserId);

    /// <summary>What a row of a user's order takes at most.</summary>
    public static int BytesOf(string userId) => BytesMax + CommitBytes.OfText(userId);
}

/// <summary>Where the money of one accepted payment is.</summary>
internal enum PaymentState
{
    /// <summary>Held for the order.</summary>
    Held,

    /// <summary>
    /// Its voucher is redeemed: the merchant's, once <see cref="PaymentEntry.FinalAt"/> has passed.
    /// </summary>
    Redeemed,

    /// <summary>Its voucher lapsed and is forfeited: the merchant's.</summary>
    Forfeited,

    /// <summary>On its way back.</summary>
    Refunding,

    /// <summary>Back.</summary>
    Refunded,
}

/// <summary>One accepted payment, for the books.</summary>
internal sealed record PaymentEntry(
    OrderId Order,
    string PaymentId,
    Money Amount,
    PaymentState State,
    DateTimeOffset? FinalAt
);

/// <summary>A group's stock, for the books: reserved = outstanding + deducted + released.</summary>
internal readonly record struct StockFigures(int Reserved, int Outstanding, int Deducted, int Released);

/// <summary>
/// The outcome of <see cref="GroupMachine.Handle"/>. What is answered is a <see cref="Reply{T}"/> of the group or of an
/// order, what is refused a <see cref="Refusal"/>, what a port is asked a <see cref="PortQuestion"/>. Events may be
/// there where it is refused: a deadline that passed is applied first.
/// </summary>
internal sealed class CommandResult : ActorResult<RecordedEvent>
{
    /// <summary>Rows for the order status log.</summary>
    public List<OrderStatusChange> Statuses { get; } = [];

    /// <inheritdoc/>
    public override IReadOnlyList<KindRow> Rows => Statuses;

    /// <summary>Payments whose entry changed.</summary>
    public List<PaymentEntry> Payments { get; } = [];

    /// <summary>Something that a person must look at (an unknown task), or null.</summary>
    public string? Alert { get; set; }

    /// <summary>
    /// Something that anyone who is on call should know and need not mend: what a buyer did, such as paying twice; or
    /// null.
    /// </summary>
    public string? Warning { get; set; }
}
