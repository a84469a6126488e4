using GroupBuyActors.Activations;
using GroupBuyActors.Committing;
using GroupBuyActors.Events;
using GroupBuyActors.Store.Projections;

namespace GroupBuyActors.Groups;

/// <summary>
/// What makes a durable actor a group: <see cref="GroupMachine"/>, and what follows from its events here.
/// </summary>
internal sealed class GroupBehavior : ActorBehavior<GroupState, GroupCommand, CommandResult>
{
    private readonly GroupServices _services;

    public GroupBehavior(GroupServices services)
    {
        _services = services;
        (GroupReply, OrderReply) = (ReplyOf<GroupView>, ReplyOf<OrderView>);
    }

    /// <summary>What a caller who asked for the group is told.</summary>
    public Func<GroupCommand, CommandResult, Reply<GroupView>> GroupReply { get; }

    /// <summary>What a caller who asked for an order is told.</summary>
    public Func<GroupCommand, CommandResult, Reply<OrderView>> OrderReply { get; }

    public override string Noun => "group";

    public override IActorFormat<GroupState> Format => GroupFormat.Instance;

    public override CommandResult StoreIsBusy { get; } =
        new()
        {
            Outcome = new Outcome.Refused<Refusal>(
                new Refusal(
                    RefusalCode.StoreUnavailable,
                    "The database accepts no more changes at the moment. Try again later."
                )
            ),
        };

    public override CommandResult Execute(GroupState state, GroupCommand command, DecisionInput input) =>
        GroupMachine.Handle(
            state,
            command,
            new CommandContext
            {
                Clock = input.Clock,
                Settings = _services.Settings,
                NewSecret = _services.NewSecret,
                Completes = input.Completes,
                Trace = input.Trace,
                CommitBytesMax = input.CommitBytesMax,
            }
        );

    public override JournalEvent[] Write(CommandResult result, string? trace)
    {
        var events = new JournalEvent[result.Events.Count];
        for (var i = 0; i < events.Length; i++)
        {
            var recorded = result.Events[i];
            events[i] = new JournalEvent(
                recorded.Sequence,
                GroupEvents.NameOf(recorded.Event),
                GroupEvents.VersionOf(recorded.Event),
                recorded.Time,
                JournalPayload.Write(recorded),
                trace
            );
        }

        return events;
    }

    public override object Attachment(GroupState state, CommandResult result) =>
        new ProjectionChange(
            state.Id,
            state.Sequence,
            GroupLoader.RowOf(state, withTerms: result.Events.Exists(recorded => recorded.Event is GroupShelved)),
            result.Payments
        );

    public override long SnapshotTail(GroupState state) => state.OrderCount / 2;

    public override bool IsOfNewerRelease(Exception exception) => exception is UnknownEventException;

    public override void OnCommitted(GroupState state, CommandResult result)
    {
        _services.Metrics.Transitions(result.Events);
        if (result.Alert is { } alert)
            GroupLog.Alert(_services.Log, state.Id, alert);
        if (result.Warning is { } warning)
            GroupLog.Warning(_services.Log, state.Id, warning);
        _services.Reminders.Follow(state, result.Events);
    }

    public override async Task<GroupCommand> AskPortAsync(GroupCommand command, Outcome.AsksPort asked)
    {
        var (bound, time) = (_services.Options.PortTimeout, _services.Actors.Time);
        switch ((asked as Outcome.AsksPort<PortQuestion>)?.Question)
        {
            case PortQuestion.FindPayments find when command is GroupCommand.Pay pay:
                var findings = await PortCalls.QueryAsync(
                    c => _services.Payments.QueryAsync(find.Order, c),
                    bound,
                    time
                );
                return pay with { Findings = findings };
            case PortQuestion.ReserveStock reserve:
                var reply = await PortCalls.QueryAsync(
                    c => _services.Inventory.ReserveAsync(reserve.Reservation, c),
                    bound,
                    time
                );
                return new GroupCommand.Reserved(reserve.Attempt, reply, (command as GroupCommand.Publish)?.Request);
            default:
                throw new NotSupportedException($"A call of a group does not ask {asked}.");
        }
    }

    public override void Report(ActorId actor, ActorFailure failure)
    {
        var (log, group) = (_services.Log, actor.Group!.Value);
        switch (failure)
        {
            case ActorFailure.Ended ended:
                GroupLog.Ended(log, ended.Cause, group, ended.Why);
                break;
            case ActorFailure.NotLoaded { IsOfNewerRelease: true } newer:
                GroupLog.FromTheFuture(log, newer.Cause!, group);
                break;
            case ActorFailure.NotLoaded broken:
                GroupLog.NotLoaded(log, broken.Cause!, group);
                break;
            case ActorFailure.DecisionFailed failed:
                GroupLog.DecisionFailed(log, failed.Cause!, group, failed.Command);
                break;
            case ActorFailure.UnknownTask unknown:
                GroupLog.UnknownTask(log, group, unknown.Task.Id, unknown.Task.Type ?? "");
                break;
            case ActorFailure.SnapshotFailed snapshot:
                GroupLog.SnapshotFailed(log, snapshot.Cause!, group, snapshot.Sequence);
                break;
        }
    }

    private Reply<T> ReplyOf<T>(GroupCommand command, CommandResult result)
        where T : class
    {
        var reply = result.Outcome switch
        {
            Outcome.Accepted<Reply<T>> accepted => accepted.Answer,
            Outcome.Refused<Refusal> refused => new Reply<T> { Refusal = refused.Reason },
            Outcome.Unknown { Refusal: Outcome.Refused<Refusal> refused } => new Reply<T> { Refusal = refused.Reason },
            var outcome => throw new InvalidOperationException($"{command.GetType().Name} has no answer: {outcome}."),
        };
        if (ReferenceEquals(result, StoreIsBusy))
            _services.Metrics.Command(command, "store_busy");
        else
            _services.Metrics.Command(command, reply);
        return reply;
    }
}
