using GroupBuyActors.Events;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Groups;

/// <summary>
/// Publication, from the request to the shelf. The attempt is committed first, then stock is reserved with a key that
/// contains the attempt, and the answer shelves the group or abandons the attempt. After a crash in between, the guard
/// task abandons the attempt. Its release contains the attempt that it undoes, so that a later attempt is never refused
/// because of an earlier one's tombstone.
/// </summary>
internal static class PublicationRules
{
    public static Decision Decide(GroupState state, GroupCommand.Publish command, DateTimeOffset now)
    {
        var faults = TermsRules.Check(command.Offer);
        if (faults.Count > 0)
            return Decision.Invalid(faults);
        var termsRequest = TermsRules.Normalise(command.Offer);
        if (state.Phase != GroupPhase.None)
            return Again(state, termsRequest);
        faults = TermsRules.CheckAt(termsRequest, now);
        if (faults.Count > 0)
            return Decision.Invalid(faults);
        return new Decision
        {
            Events = [new GroupPublishing(state.Attempt + 1, termsRequest, TermsRules.Resolve(termsRequest, now))],
            How = ReplyOutcome.Accepted,
            Reserves = true,
        };
    }

    public static Decision Decide(GroupState state, GroupCommand.Reserved command)
    {
        if (IsOpen(state, command.Attempt))
            return Close(state, command);
        if (state.IsPublished && state.Attempt == command.Attempt)
            return Decision.OfGroup(ReplyOutcome.Done);
        return command.Reply.Answer == PortAnswer.Refused ? Insufficient(state, command.Reply) : Unavailable(state);
    }

    public static Decision Decide(GroupState state, GroupCommand.PublicationGuard command)
    {
        if (IsOpen(state, command.Attempt))
            return Decision.OfTask(Abandon(state, reserved: null));
        return command.Attempt > state.Attempt
            ? Decision.UnknownToTask($"Group {state.Id} has no publication attempt {command.Attempt}.")
            : Decision.Nothing;
    }

    /// <summary>The reservation to ask inventory for.</summary>
    public static PortQuestion.ReserveStock ReservationOf(GroupState state)
    {
        var terms = state.RequireTerms();
        return new PortQuestion.ReserveStock(
            state.Attempt,
            new StockReservation(PortKeys.Reserve(state.Id, state.Attempt), state.Id, terms.Sku, terms.Capacity)
        );
    }

    private static Decision Again(GroupState state, GroupTermsRequest termsRequest)
    {
        if (termsRequest != state.Offer)
            return Decision.Refuse(RefusalCode.GroupExists, $"Group {state.Id} already exists with different content.");
        // Stock may not be reserved yet, because a crash may have interrupted the reservation. Its key makes asking
        // again safe.
        return state.Phase == GroupPhase.Publishing
            ? new Decision { How = ReplyOutcome.Accepted, Reserves = true }
            : Decision.OfGroup(ReplyOutcome.Done);
    }

    private static Decision Close(GroupState state, GroupCommand.Reserved command)
    {
        var terms = state.RequireTerms();
        return command.Reply.Answer switch
        {
            PortAnswer.Done => Decision.OfGroup(
                ReplyOutcome.Created,
                new StockReserved(state.Attempt, terms.Capacity),
                new GroupShelved(terms.ShelfAt, terms.OpensAt, terms.Deadline)
            ),
            PortAnswer.Refused => Insufficient(state, command.Reply, Abandon(state, reserved: false)),
            _ => Unavailable(state, Abandon(state, reserved: null)),
        };
    }

    private static GroupPublicationAbandoned Abandon(GroupState state, bool? reserved) =>
        new(
            state.Attempt,
            (reserved is null ? RefusalCode.InventoryUnavailable : RefusalCode.StockInsufficient).Text(),
            reserved
        );

    private static Decision Insufficient(GroupState state, PortReply reply, params GroupEvent[] events) =>
        new()
        {
            Events = events,
            Instead = Decision.Refused(
                RefusalCode.StockInsufficient,
                reply.Detail ?? $"The inventory service refused the stock for group {state.Id}."
            ),
        };

    private static Decision Unavailable(GroupState state, params GroupEvent[] events) =>
        new()
        {
            Events = events,
            Instead = Decision.Refused(
                RefusalCode.InventoryUnavailable,
                $"The inventory service did not answer in time for group {state.Id}. Try again."
            ),
        };

    private static bool IsOpen(GroupState state, int attempt) =>
        state.Phase == GroupPhase.Publishing && state.Attempt == attempt;
}
