using GroupBuyActors.Events;

namespace GroupBuyActors.Groups;

/// <summary>What an answer shows.</summary>
internal enum AnswerKind
{
    None,
    Group,
    Order,
    OrderWithBrief,
}

/// <summary>
/// What a command decides, looking at the state but not touching it: events to apply and what to say, or a refusal.
/// </summary>
internal sealed class Decision
{
    private static readonly GroupEvent[] NoEvents = [];

    public GroupEvent[] Events { get; init; } = NoEvents;
    public ReplyOutcome Outcome { get; init; }
    public AnswerKind Answer { get; init; }
    public int Order { get; init; }
    public Refusal? Refusal { get; init; }
    public PaymentQuestion? Question { get; init; }
    public bool Reserve { get; init; }
    public TimeSpan? NotYet { get; init; }
    public bool Unknown { get; init; }
    public string? Alert { get; init; }
    public string? Warning { get; init; }

    /// <summary>True where the task that brought the command must be run again: the port has not answered.</summary>
    public bool KeepsTask { get; init; }

    /// <summary>True where the task that brought the command has done its work.</summary>
    public bool CompletesTask => !KeepsTask && !Unknown && Refusal is null && Question is null && NotYet is null;

    /// <summary>True where open consequences go on and vouchers whose validity is over end.</summary>
    public bool Advances { get; init; }

    /// <summary>Nothing is to be done and nothing to be said: a task that is no longer needed.</summary>
    public static Decision Nothing { get; } = new();

    public static Decision Refuse(RefusalCode code, string detail) => new() { Refusal = new Refusal(code, detail) };

    public static Decision Invalid(Dictionary<string, string[]> errors) =>
        new() { Refusal = new Refusal(RefusalCode.RequestInvalid, "Some fields are invalid.") { Errors = errors } };

    public static Decision OfGroup(ReplyOutcome outcome, params GroupEvent[] events) =>
        new()
        {
            Events = events,
            Outcome = outcome,
            Answer = AnswerKind.Group,
        };

    public static Decision OfOrder(int order, ReplyOutcome outcome, params GroupEvent[] events) =>
        new()
        {
            Events = events,
            Outcome = outcome,
            Answer = AnswerKind.Order,
            Order = order,
        };

    public static Decision OfTask(params GroupEvent[] events) => new() { Events = events };

    public static Decision GroupNotFound(GroupState state) =>
        Refuse(RefusalCode.GroupNotFound, $"Group {state.Id} does not exist.");

    public static Decision OrderNotFound(GroupState state, int order) =>
        new()
        {
            Refusal = new Refusal(RefusalCode.OrderNotFound, $"Order {order} of group {state.Id} does not exist."),
            Unknown = true,
        };

    /// <summary>A task brings something that this state has never heard of: is the state the newest?</summary>
    public static Decision UnknownToTask(string what) => new() { Unknown = true, Alert = what };
}
