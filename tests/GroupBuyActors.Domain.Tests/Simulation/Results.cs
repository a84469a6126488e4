using GroupBuyActors.Activations;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Simulation;

/// <summary>Short ways to look at what a command's outcome says.</summary>
internal static class Results
{
    extension(CommandResult result)
    {
        /// <summary>The group or the order that the answer shows, or null.</summary>
        public object? Answer =>
            result.Outcome switch
            {
                Outcome.Accepted<Reply<GroupView>> accepted => accepted.Answer.Value,
                Outcome.Accepted<Reply<OrderView>> accepted => accepted.Answer.Value,
                _ => null,
            };

        /// <summary>How an answer says that it went; null where it is none.</summary>
        public ReplyOutcome? How =>
            result.Outcome switch
            {
                Outcome.Accepted<Reply<GroupView>> accepted => accepted.Answer.Outcome,
                Outcome.Accepted<Reply<OrderView>> accepted => accepted.Answer.Outcome,
                _ => null,
            };

        public bool Replayed =>
            result.Outcome
                is Outcome.Accepted<Reply<GroupView>> { Answer.Replayed: true }
                    or Outcome.Accepted<Reply<OrderView>> { Answer.Replayed: true };

        public Refusal? Refusal =>
            ((result.Outcome as Outcome.Unknown)?.Refusal ?? result.Outcome) is Outcome.Refused<Refusal> refused
                ? refused.Reason
                : null;

        public PortQuestion.FindPayments? Question =>
            (result.Outcome as Outcome.AsksPort<PortQuestion>)?.Question as PortQuestion.FindPayments;

        public PortQuestion.ReserveStock? Reserve =>
            (result.Outcome as Outcome.AsksPort<PortQuestion>)?.Question as PortQuestion.ReserveStock;

        public TimeSpan? NotYet => (result.Outcome as Outcome.NotYet)?.RunAgainIn;

        public bool Unknown => result.Outcome is Outcome.Unknown;
    }
}
