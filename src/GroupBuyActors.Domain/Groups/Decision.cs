using GroupBuyActors.Activations;
using GroupBuyActors.Events;

namespace GroupBuyActors.Groups;

/// <summary>What an answer contains.</summary>
internal enum AnswerKind
{
    None,
    Group,
    Order,
    OrderWithBrief,
}

/// <summary>
/// What a command decides without changing the state: events to apply and the answer, or a refusal.
/// </summary>
internal sealed class Decision
{
    private static readonly GroupEvent[] NoEvents = [];

    public GroupEvent[] Events { get; init; } = NoEvents;
    public ReplyOutcome How { get; init; }
    public AnswerKind Answer { get; init; }
    public int Order { get; init; }

    /// <summary>The outcome, if it is not <see cref="Answer"/>.</summary>
    public Outcome? Instead { get; init; }

    /// <summary>True if inventory must be asked to reserve the stock for <see cref="Events"/>.</summary>
    public bool Reserves { get; init; }

    public string? Alert { get; init; }
    public string? Warning { get; init; }

    /// <summary>
    /// True if the task that delivered the command must be run again, because the port has not answered.
    /// </summary>
    public bool KeepsTask { get; init; }

    /// <summary>True if the task that delivered the command is completed.</summary>
    public bool CompletesTask => !KeepsTask && Instead is null;

    /// <summary>True if a pending fan-out continues and vouchers whose validity is over lapse.</summary>
    public bool Advances { get; init; }

    /// <summary>Nothing to do and no answer: for a task that is no longer needed.</summary>
    public static Decision Nothing { get; } = new();

    public static Decision Refuse(RefusalCode code, string detail) => new() { Instead = Refused(code, detail) };

    public static Outcome.Refused<Refusal> Refused(RefusalCode code, string detail) => new(new Refusal(code, detail));

    public static Decision NotYet(TimeSpan runAgainIn) => new() { Instead = new Outcome.NotYet(runAgainIn) };

    public static Decision Invalid(Dictionary<string, string[]> errors) =>
        new()
        {
            Instead = new Outcome.Refused<Refusal>(
                new Refusal(RefusalCode.RequestInvalid, "Some fields are invalid.") { Errors = errors }
            ),
        };

    public static Decision OfGroup(ReplyOutcome outcome, params GroupEvent[] events) =>
        new()
        {
            Events = events,
            How = outcome,
            Answer = AnswerKind.Group,
        };

    public static Decision OfOrder(int order, ReplyOutcome outcome, params GroupEvent[] events) =>
        new()
        {
            Events = events,
            How = outcome,
            Answer = AnswerKind.Order,
            Order = order,
        };

    public static Decision OfTask(params GroupEvent[] events) => new() { Events = events };

    public static Decision GroupNotFound(GroupState state) =>
        Refuse(RefusalCode.GroupNotFound, $"Group {state.Id} does not exist.");

    public static Decision OrderNotFound(GroupState state, int order) =>
        new()
        {
            Instead = new Outcome.Unknown(
                Refused(RefusalCode.OrderNotFound, $"Order {order} of group {state.Id} does not exist.")
            ),
        };

    /// <summary>
    /// For a task about an order or cause that is not in this state: the activation may be outdated.
    /// </summary>
    public static Decision UnknownToTask(string what) => new() { Instead = new Outcome.Unknown(), Alert = what };
}
