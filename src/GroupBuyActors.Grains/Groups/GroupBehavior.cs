using GroupBuyActors.Activations;
using GroupBuyActors.Committing;
using GroupBuyActors.Events;
using GroupBuyActors.Hosting;
using GroupBuyActors.Store.Projections;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Groups;

/// <summary>
/// The behavior of groups: <see cref="GroupMachine"/>, and what follows from its events on this silo.
/// </summary>
internal sealed class GroupBehavior : ActorBehavior<GroupState, GroupCommand, CommandResult>
{
    private readonly PortCalls _ports;
    private readonly GroupReminders _reminders;
    private readonly GroupMetrics _metrics;
    private readonly GroupSettings _settings;
    private readonly IdGenerator _ids;
    private readonly ILogger _log;

    public GroupBehavior(
        PortCalls ports,
        GroupReminders reminders,
        GroupMetrics metrics,
        GroupSettings settings,
        IdGenerator ids,
        ILogger<GroupGrain> log
    )
    {
        (_ports, _reminders, _metrics, _settings, _ids, _log) = (ports, reminders, metrics, settings, ids, log);
        (GroupReply, OrderReply) = (ReplyOf<GroupView>, ReplyOf<OrderView>);
    }

    /// <summary>The answer to a caller who expects the group.</summary>
    public Func<GroupCommand, CommandResult, Reply<GroupView>> GroupReply { get; }

    /// <summary>The answer to a caller who expects an order.</summary>
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
                Settings = _settings,
                NewSecret = _ids.NextSecret,
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

    public override long ApproximateBytes(GroupState state) => state.ApproximateBytes;

    public override bool IsOfNewerRelease(Exception exception) => exception is UnknownEventException;

    public override void OnCommitted(GroupState state, CommandResult result)
    {
        _metrics.Transitions(result.Events);
        if (result.Alert is { } alert)
            GroupLog.Alert(_log, state.Id, alert);
        if (result.Warning is { } warning)
            GroupLog.Warning(_log, state.Id, warning);
        _reminders.Follow(state, result.Events);
    }

    public override async Task<GroupCommand> AskPortAsync(GroupCommand command, Outcome.AsksPort asked)
    {
        switch ((asked as Outcome.AsksPort<PortQuestion>)?.Question)
        {
            case PortQuestion.FindPayments find when command is GroupCommand.Pay pay:
                return pay with { Findings = (await _ports.AskAsync(find)).Findings };
            case PortQuestion.ReserveStock reserve:
                var reply = (await _ports.AskAsync(reserve)).Reply;
                return new GroupCommand.Reserved(reserve.Attempt, reply, (command as GroupCommand.Publish)?.Request);
            default:
                throw new NotSupportedException($"A call of a group does not ask {asked}.");
        }
    }

    public override void Report(ActorId actor, ActorFailure failure)
    {
        var (log, group) = (_log, actor.Group!.Value);
        switch (failure)
        {
            case ActorFailure.Ended ended:
                GroupLog.Ended(log, ended.Cause, group, ended.Why);
                break;
            case ActorFailure.NotLoaded { IsOfNewerRelease: true } newer:
                GroupLog.WrittenByNewerRelease(log, newer.Cause!, group);
                break;
            case ActorFailure.NotLoaded broken:
                GroupLog.NotLoaded(log, broken.Cause!, group);
                break;
            case ActorFailure.NotAccepted sent:
                GroupLog.NotAccepted(log, sent.Cause!, group);
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
            _metrics.Command(command, "store_busy");
        else
            _metrics.Command(command, reply);
        return reply;
    }
}
