namespace GroupBuyActors.Groups;

/// <summary>
/// The group's rules as one entry. A command is decided by its family's rules (<c>…Rules.Decide</c>: pure), the events
/// are applied (<c>Apply</c>: the only code that changes state), tasks follow from events (<c>Follow</c>), and the
/// group's own moves (<see cref="Transitions"/>) run until none is due.
/// </summary>
public static partial class GroupMachine
{
    /// <summary>
    /// Decides a command and applies what follows from it to <paramref name="state"/>: first a deadline that has
    /// passed, then the command, then every transition that is now due. A refused command leaves the state as the
    /// deadline left it.
    /// </summary>
    public static Handling Handle(GroupState state, GroupCommand command, HandlingContext context)
    {
        var turn = new Turn(state, context);
        var handling = turn.Handling;
        if (context.Completes is { } task && task.Due > turn.Now)
        {
            // The clock that fired it is ahead of ours: a timer may be late, never early.
            handling.NotYet = task.Due - turn.Now;
            return handling;
        }

        turn.RunTransitions();
        var request = RequestOf(command);
        var known = request is null ? null : state.Requests.Find(request.Id, turn.Now, context.Settings.RequestMemory);
        // A reservation's answer is decided all the same, for stock hangs on it; what is said then is the publication's
        // first answer.
        if (request is not null && known is not null && command is not GroupCommand.Reserved)
        {
            turn.RemoveDoneWork();
            return Recall(handling, request, known);
        }

        var decision = Decide(state, command, turn.Now, context.Completes);
        Carry(turn, decision);
        turn.RemoveDoneWork();
        if (decision.CompletesTask)
            turn.Complete();
        if (decision.Refusal is not null || decision.Question is not null)
            return handling;
        if (request is not null && known is not null)
            return Recall(handling, request, known);
        Answer(turn, decision, request);
        return handling;
    }

    /// <summary>
    /// Applies a stored event. Replaying all events of a group gives the same state as living through them.
    /// </summary>
    public static void Replay(GroupState state, RecordedEvent recorded)
    {
        Apply(state, recorded);
        if (recorded.Request is { } mark)
            Remember(state, mark, recorded.Time, AnswerOf(state, mark), journaled: true);
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

    private static void Carry(Turn turn, Decision decision)
    {
        var handling = turn.Handling;
        foreach (var happened in decision.Events)
            turn.Emit(happened);
        if (decision.Settles)
            turn.Settle();
        if (decision.Events.Length > 0 || decision.Settles)
            turn.RunTransitions();
        handling.Refusal = decision.Refusal;
        handling.Question = decision.Question;
        handling.NotYet = decision.NotYet;
        handling.Unknown = decision.Unknown;
        handling.Alert = decision.Alert;
        handling.Warning = decision.Warning;
        if (decision.Reserve)
            handling.Reserve = PublicationRules.ReservationOf(turn.State);
    }

    private static void Answer(Turn turn, Decision decision, RequestKey? request)
    {
        var (state, handling) = (turn.State, turn.Handling);
        handling.Outcome = decision.Outcome;
        handling.Answer = decision.Answer switch
        {
            AnswerKind.Group => state.View(),
            AnswerKind.Order => Views.Of(state, state.Orders[decision.Order]),
            AnswerKind.OrderWithBrief => Views.Of(state, state.Orders[decision.Order], brief: true),
            _ => null,
        };
        if (request is null || handling.Answer is null)
            return;
        var mark = new RequestMark(
            request.Id,
            request.Fingerprint,
            decision.Answer == AnswerKind.Group ? null : decision.Order,
            decision.Outcome,
            decision.Answer == AnswerKind.OrderWithBrief
        );
        if (handling.Events.Count > 0)
            handling.Events[^1] = handling.Events[^1] with { Request = mark };
        Remember(state, mark, turn.Now, handling.Answer, journaled: handling.Events.Count > 0);
    }

    private static Handling Recall(Handling handling, RequestKey request, Remembered known)
    {
        if (request.Fingerprint.Length > 0 && known.Fingerprint.Length > 0 && request.Fingerprint != known.Fingerprint)
        {
            handling.Refusal = new Refusal(
                RefusalCode.IdempotencyMismatch,
                "This idempotency key was already used with a different body."
            );
            return handling;
        }

        (handling.Answer, handling.Outcome, handling.Replayed) = (known.Answer, known.Outcome, true);
        return handling;
    }

    private static void Remember(GroupState state, RequestMark mark, DateTimeOffset at, object answer, bool journaled)
    {
        state.Requests.Add(new Remembered(mark.Id, mark.Fingerprint, at, mark.Outcome, answer, journaled));
        if (journaled)
            state.ApproximateBytes += 136 + mark.Id.Length + mark.Fingerprint.Length;
    }

    private static object AnswerOf(GroupState state, RequestMark mark) =>
        mark.Order is { } number
            ? Views.Of(state, state.Orders[number], mark.Brief)
            : state.View()
                ?? throw new InvalidOperationException(
                    $"Group {state.Id} cannot rebuild the answer to request {mark.Id}."
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
