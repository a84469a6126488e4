using GroupBuyActors.Events;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>
/// How a merchant, an operator or a task ends a group or its joining; the deadline itself is one of the
/// <see cref="Transitions"/>.
/// </summary>
internal static class EndingRules
{
    public static Decision DecideWithdraw(GroupState state) =>
        state.Phase switch
        {
            GroupPhase.None or GroupPhase.Publishing => Decision.GroupNotFound(state),
            GroupPhase.OnShelf or GroupPhase.Opening => Decision.OfGroup(
                ReplyOutcome.Done,
                new GroupExpired(ExpiryReason.Withdrawn)
            ),
            GroupPhase.Expired when state.Reason == ExpiryReason.Withdrawn => Decision.OfGroup(ReplyOutcome.Done),
            _ => Decision.Refuse(
                RefusalCode.GroupNotWithdrawable,
                $"A group can be withdrawn only before it succeeds; group {state.Id} has succeeded or ended."
            ),
        };

    public static Decision DecideEndJoining(GroupState state) =>
        state.Phase switch
        {
            GroupPhase.None or GroupPhase.Publishing => Decision.GroupNotFound(state),
            GroupPhase.Success when state.JoiningEnded is null => Decision.OfGroup(
                ReplyOutcome.Done,
                new GroupJoiningEnded(JoiningEndReason.EndedEarly)
            ),
            GroupPhase.Success or GroupPhase.Fulfilled => Decision.OfGroup(ReplyOutcome.Done),
            _ => Decision.Refuse(
                RefusalCode.GroupNotSuccessful,
                "Joining can be ended early only while the group is in state SUCCESS."
            ),
        };

    public static Decision DecideSettle(GroupState state, DateTimeOffset now, TaskKey? task)
    {
        if (task is { } fired)
        {
            if (state.Sequence == 0)
                return Decision.UnknownToTask($"Group {state.Id} does not exist.");
            // A deadline's task that an operator brought forward must still end nothing before the deadline.
            if (
                AwaitsDeadline(state)
                && now < state.RequireTerms().Deadline
                && fired.Id == GroupMachine.DeadlineTask(state).Id
            )
                return Decision.NotYet(state.RequireTerms().Deadline - now);
        }
        else if (!state.IsPublished)
        {
            return Decision.GroupNotFound(state);
        }

        return new Decision
        {
            Advances = true,
            How = ReplyOutcome.Done,
            Answer = AnswerKind.Group,
        };
    }

    public static Decision DecideLapse() => new() { Advances = true };

    private static bool AwaitsDeadline(GroupState state) =>
        state.Phase is GroupPhase.OnShelf or GroupPhase.Opening or GroupPhase.Success && state.JoiningEnded is null;
}
