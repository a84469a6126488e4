using GroupBuyActors.Activations;
using GroupBuyActors.Committing;
using GroupBuyActors.Events;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>
/// The input of a decision besides state and command. Clock, random values and settings come from outside.
/// </summary>
internal sealed record CommandContext
{
    /// <summary>The cluster's clock; the group's time is the later of this and its last event.</summary>
    public required DateTimeOffset Clock { get; init; }

    /// <summary>Settings of all groups.</summary>
    public required GroupSettings Settings { get; init; }

    /// <summary>Creates a random secret for a voucher, 26 characters of <c>[a-z0-9]</c>.</summary>
    public required Func<string> NewSecret { get; init; }

    /// <summary>The timed task that delivers the command; it is completed by the same commit.</summary>
    public TaskKey? Completes { get; init; }

    /// <summary>W3C traceparent to store with events and tasks, or null.</summary>
    public string? Trace { get; init; }

    /// <summary>
    /// The largest size of one commit in bytes, as <see cref="CommitBytes"/> counts; at least
    /// <see cref="CommitBytes.LeastMax"/>.
    /// </summary>
    public int CommitBytesMax { get; init; } = int.MaxValue;
}

/// <summary>Settings that hold for all groups.</summary>
internal sealed record GroupSettings
{
    /// <summary>
    /// How long after an unpaid order is closed the provider is asked once more; a payment made later is found by no
    /// check. Default 10 min.
    /// </summary>
    public TimeSpan ProviderWindow { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long after stock can no longer be sold it is released: 5 s.</summary>
    public TimeSpan ReleaseDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A publication that still waits for stock after this time is abandoned; default 30 s, more than the reserve
    /// call's own time limit.
    /// </summary>
    public TimeSpan PublicationGuard { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long request keys are remembered: 24 h.</summary>
    public TimeSpan RequestMemory { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How many orders of a fan-out are in one commit at most: 500; fewer if their bytes do not fit.</summary>
    public int FanOutPerCommit { get; init; } = 500;
}

/// <summary>An event with its sequence and time.</summary>
/// <param name="Sequence">From 1, gap-free.</param>
/// <param name="Time">The group's time when it was decided.</param>
/// <param name="Event">What happened.</param>
/// <param name="Request">What to remember, on the last event of a commit that answers a request key; null
/// otherwise.</param>
internal sealed record RecordedEvent(
    long Sequence,
    DateTimeOffset Time,
    GroupEvent Event,
    RequestRecord? Request = null
);

/// <summary>Stored with an event, so that a replay can recognise the request and rebuild its first answer.</summary>
/// <param name="Id">The request key's id.</param>
/// <param name="Fingerprint">The hash of its body.</param>
/// <param name="Order">The number of the order in the answer; null if the answer is the group.</param>
/// <param name="Outcome">The outcome of the answer.</param>
/// <param name="Brief">True if the answer contains the group's brief (a join).</param>
internal sealed record RequestRecord(string Id, string Fingerprint, int? Order, ReplyOutcome Outcome, bool Brief);

/// <summary>A row of the order status log: the order after an event that changed its status.</summary>
internal sealed record OrderStatusChange(long Sequence, DateTimeOffset Time, OrderView Order) : KindRow
{
    private const int BytesMax = 900;

    /// <inheritdoc/>
    public override int Bytes => BytesOf(Order.UserId);

    /// <summary>The largest size in bytes of a row of a user's order.</summary>
    public static int BytesOf(string userId) => BytesMax + CommitBytes.OfText(userId);
}

/// <summary>The state of one accepted payment.</summary>
internal enum PaymentState
{
    /// <summary>Held for the order.</summary>
    Held,

    /// <summary>
    /// Its voucher is redeemed; the money is the merchant's once <see cref="PaymentEntry.FinalAt"/> has passed.
    /// </summary>
    Redeemed,

    /// <summary>Its voucher lapsed and is forfeited; the money is the merchant's.</summary>
    Forfeited,

    /// <summary>Being refunded.</summary>
    Refunding,

    /// <summary>Refunded.</summary>
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
/// The result of <see cref="GroupMachine.Handle"/>. An answer is a <see cref="Reply{T}"/> of the group or of an order,
/// a refusal is a <see cref="Refusal"/>, a question to a port is a <see cref="PortQuestion"/>. A refused command may
/// have events, because a deadline that has passed is applied first.
/// </summary>
internal sealed class CommandResult : ActorResult<RecordedEvent>
{
    /// <summary>Rows for the order status log.</summary>
    public List<OrderStatusChange> Statuses { get; } = [];

    /// <inheritdoc/>
    public override IReadOnlyList<KindRow> Rows => Statuses;

    /// <summary>Payments whose entry changed.</summary>
    public List<PaymentEntry> Payments { get; } = [];

    /// <summary>Something that an operator must investigate (an unknown task), or null.</summary>
    public string? Alert { get; set; }

    /// <summary>
    /// Something that operators should know but need not repair, such as a buyer who paid twice; or null.
    /// </summary>
    public string? Warning { get; set; }
}
