using GroupBuyActors.Activations;
using GroupBuyActors.Requests;

namespace GroupBuyActors.Groups;

/// <summary>
/// The entry point of the group's rules. A command is decided by the rules of its family (<c>…Rules.Decide</c>, pure),
/// the events are applied (<c>Apply</c>, the only code that changes state), tasks follow from events (<c>Follow</c>),
/// and the group's <see cref="Transitions"/> run until none is due.
/// </summary>
internal static partial class GroupMachine
{
    /// <summary>
    /// Decides a command and applies the resulting events to <paramref name="state"/>: first a deadline that has
    /// passed, then the command, then every transition that is due. A refused command changes nothing after the
    /// deadline.
    /// </summary>
    public static CommandResult Handle(GroupState state, GroupCommand command, CommandContext context)
    {
        var execution = new CommandExecution(state, context);
        var result = execution.CommandResult;
        if (context.Completes is { } task && task.Due > execution.Now)
        {
            // The clock that fired the task is ahead of this one. A task may be late but never early.
            result.Outcome = new Outcome.NotYet(task.Due - execution.Now);
            return result;
        }

        execution.RunTransitions();
        var request = RequestOf(command);
        var known = request is null
            ? null
            : state.Requests.Find(request.Id, execution.Now, context.Settings.RequestMemory);
        // A reservation's answer is always decided, because stock depends on it; the caller then gets the publication's
        // first answer.
        if (request is not null && known is not null && command is not GroupCommand.Reserved)
        {
            execution.RemoveDoneWork();
            return Recall(result, request, known);
        }

        var decision = Decide(state, command, execution.Now, context.Completes);
        Record(execution, decision);
        execution.RemoveDoneWork();
        if (decision.CompletesTask)
            execution.Complete();
        if (decision.Instead is { } outcome)
            result.Outcome = outcome;
        else if (decision.Reserves)
            result.Outcome = new Outcome.AsksPort<PortQuestion>(PublicationRules.ReservationOf(state));
        else if (request is not null && known is not null)
            return Recall(result, request, known);
        else
            Answer(execution, decision, request);
        return result;
    }

    /// <summary>
    /// Applies a stored event. Replaying all events of a group results in the same state as deciding them.
    /// </summary>
    public static void Replay(GroupState state, RecordedEvent recorded)
    {
        Apply(state, recorded);
        if (recorded.Request is { } remembered)
            Remember(state, remembered, recorded.Time, AnswerOf(state, remembered), journaled: true);
    }

    private static Decision Decide(
        GroupState state,
        GroupCommand command,
        DateTimeOffset now,
        Tasks.TaskKey? completes
    ) =>
        command switch
        {
            GroupCommand.Join join => JoiningRules.Decide(state, join, now),
            GroupCommand.Pay pay => PaymentRules.Decide(state, pay),
            GroupCommand.CloseUnpaid close => PaymentRules.Decide(state, close, now),
            GroupCommand.PaymentChecked found => PaymentRules.Decide(state, found),
            GroupCommand.Cancel cancel => JoiningRules.Decide(state, cancel),
            GroupCommand.Refund refund => RefundRules.Decide(state, refund, now),
            GroupCommand.Refunded refunded => RefundRules.Decide(state, refunded),
            GroupCommand.Redeem redeem => VoucherRules.Decide(state, redeem, now),
            GroupCommand.Revoke revoke => VoucherRules.Decide(state, revoke, now),
            GroupCommand.Deducted deducted => StockRules.Decide(state, deducted, now),
            GroupCommand.Released released => StockRules.Decide(state, released),
            GroupCommand.Settle => EndingRules.DecideSettle(state, now, completes),
            GroupCommand.LapseVouchers => EndingRules.DecideLapse(),
            GroupCommand.EndJoining => EndingRules.DecideEndJoining(state),
            GroupCommand.Withdraw => EndingRules.DecideWithdraw(state),
            GroupCommand.Publish publish => PublicationRules.Decide(state, publish, now),
            GroupCommand.Reserved reserved => PublicationRules.Decide(state, reserved),
            GroupCommand.PublicationGuard guard => PublicationRules.Decide(state, guard),
            _ => throw new ArgumentOutOfRangeException(nameof(command), command, "No rule handles this command."),
        };

    private static void Record(CommandExecution execution, Decision decision)
    {
        var result = execution.CommandResult;
        foreach (var happened in decision.Events)
            execution.Emit(happened);
        if (decision.Advances)
            execution.Advance();
        if (decision.Events.Length > 0 || decision.Advances)
            execution.RunTransitions();
        result.Alert = decision.Alert;
        result.Warning = decision.Warning;
    }

    private static void Answer(CommandExecution execution, Decision decision, RequestKey? request)
    {
        var (state, result) = (execution.State, execution.CommandResult);
        var answer = decision.Answer switch
        {
            AnswerKind.Group => GroupAnswer.Of(state.View(), decision.How),
            AnswerKind.Order => GroupAnswer.Of(Views.Of(state, state.Orders[decision.Order]), decision.How),
            AnswerKind.OrderWithBrief => GroupAnswer.Of(
                Views.Of(state, state.Orders[decision.Order], brief: true),
                decision.How
            ),
            _ => default,
        };
        result.Outcome = answer.Accept();
        if (request is null || answer.IsNothing)
            return;
        var remembered = new RequestRecord(
            request.Id,
            request.Fingerprint,
            decision.Answer == AnswerKind.Group ? null : decision.Order,
            decision.How,
            decision.Answer == AnswerKind.OrderWithBrief
        );
        if (result.Events.Count > 0)
            result.Events[^1] = result.Events[^1] with { Request = remembered };
        Remember(state, remembered, execution.Now, answer, journaled: result.Events.Count > 0);
    }

    private static CommandResult Recall(CommandResult result, RequestKey request, RememberedRequest<GroupAnswer> known)
    {
        result.Outcome = known.Matches(request.Fingerprint)
            ? known.Answer.Accept(replayed: true)
            : Decision.Refused(
                RefusalCode.IdempotencyMismatch,
                "This idempotency key was already used with a different body."
            );
        return result;
    }

    private static void Remember(
        GroupState state,
        RequestRecord remembered,
        DateTimeOffset at,
        GroupAnswer answer,
        bool journaled
    )
    {
        state.Requests.Add(
            new RememberedRequest<GroupAnswer>(remembered.Id, remembered.Fingerprint, at, answer, journaled)
        );
        if (journaled)
            state.ApproximateBytes += 136 + remembered.Id.Length + remembered.Fingerprint.Length;
    }

    private static GroupAnswer AnswerOf(GroupState state, RequestRecord remembered) =>
        remembered.Order is { } number
            ? GroupAnswer.Of(Views.Of(state, state.Orders[number], remembered.Brief), remembered.Outcome)
            : GroupAnswer.Of(
                state.View()
                    ?? throw new InvalidOperationException(
                        $"Group {state.Id} cannot rebuild the answer to request {remembered.Id}."
                    ),
                remembered.Outcome
            );

    private static RequestKey? RequestOf(GroupCommand command) =>
        command switch
        {
            GroupCommand.Join join => join.Command.Request,
            GroupCommand.Pay pay => pay.Command.Request,
            GroupCommand.Refund refund => refund.Command.Request,
            GroupCommand.Redeem redeem => redeem.Request,
            GroupCommand.Revoke revoke => revoke.Request,
            GroupCommand.Cancel cancel => cancel.Request,
            GroupCommand.Publish publish => publish.Request,
            GroupCommand.Reserved reserved => reserved.Request,
            GroupCommand.Withdraw withdrawal => withdrawal.Request,
            GroupCommand.EndJoining ending => ending.Request,
            GroupCommand.Settle settle => settle.Request,
            _ => null,
        };
}
