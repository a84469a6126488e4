using GroupBuyActors.Activations;
using GroupBuyActors.Groups;
using GroupBuyActors.Store.Tasks;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Redrives;

/// <summary>A command to a redrive.</summary>
internal abstract record RedriveCommand
{
    private RedriveCommand() { }

    /// <summary>Starts it; the letters are counted first.</summary>
    public sealed record Start(RedriveOrder Order, int? Total = null) : RedriveCommand;

    /// <summary>Stops it.</summary>
    public sealed record Stop : RedriveCommand;

    /// <summary>Records a page that was redriven.</summary>
    public sealed record RecordPage(RecordedPage Page) : RedriveCommand;
}

/// <summary>
/// The rules of redrives. A page is recorded once, by its number: a second run of its task only removes that task. A
/// redrive that was stopped still records the page that was running, so that its counts are right.
/// </summary>
internal sealed class RedriveBehavior(ITaskOutcomes letters, ILogger<RedriveBehavior> log)
    : JsonActorBehavior<RedriveState, RedriveCommand, RedriveEvent>(
        RedriveJson.Default.RedriveState,
        RedriveJson.Default.RedriveEvent
    )
{
    /// <summary>The kind of redrives.</summary>
    public const string Kind = "redrives";

    private const int CountMax = 100_000;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    /// <summary>The report that a command is answered with; null if the redrive was never started.</summary>
    public Func<RedriveCommand, ActorResult<RedriveEvent>, RedriveReport?> Reply { get; } = ReportOf;

    public override string Noun => "redrive";

    public override ActorResult<RedriveEvent> StoreIsBusy { get; } =
        new() { Outcome = new Outcome.Refused<string>("The database accepts no more changes at the moment.") };

    public override ActorResult<RedriveEvent> Execute(RedriveState state, RedriveCommand command, DecisionInput input)
    {
        var result = new ActorResult<RedriveEvent>();
        var now = Instants.Later(Instants.TruncateToMilliseconds(input.Clock), state.UpdatedAt);
        result.Outcome = command switch
        {
            RedriveCommand.Start start => Start(state, start, now, result),
            RedriveCommand.Stop => Stop(state, now, result),
            RedriveCommand.RecordPage record => RecordPage(state, record.Page, now, input, result),
            _ => throw new NotSupportedException($"A redrive knows no {command.GetType().Name}."),
        };
        return result;
    }

    public override async Task<RedriveCommand> AskPortAsync(RedriveCommand command, Outcome.AsksPort asked)
    {
        if (asked is not Outcome.AsksPort<RedriveOrder> { Question: var order })
            throw new NotSupportedException($"A redrive does not ask {asked}.");
        return new RedriveCommand.Start(order, await letters.CountAsync(order.Filter(), CountMax, default));
    }

    public override void Report(ActorId actor, ActorFailure failure) => ActorLog.Report(log, actor, failure);

    protected override string TypeOf(RedriveEvent happened) =>
        happened switch
        {
            RedriveStarted => "redrive.started",
            RedrivePageDone => "redrive.page-done",
            _ => "redrive.ended",
        };

    private static Outcome Start(
        RedriveState state,
        RedriveCommand.Start start,
        DateTimeOffset now,
        ActorResult<RedriveEvent> result
    )
    {
        if (state.Order is null)
        {
            // Later dead letters are excluded: one that keeps failing would be redriven without end.
            var order = start.Order with
            {
                To = start.Order.To is { } to && to < now ? to : now,
            };
            if (start.Total is not { } total)
                return new Outcome.AsksPort<RedriveOrder>(order);
            Happened(state, new RedriveStarted(order, total), now, result);
            result.Schedules.Add(RedrivePages.TaskAfter(state));
        }

        return new Outcome.Accepted<RedriveReport>(state.Report()!);
    }

    private static Outcome Stop(RedriveState state, DateTimeOffset now, ActorResult<RedriveEvent> result)
    {
        if (state.IsRunning)
            Happened(state, new RedriveEnded(IsStopped: true), now, result);
        return state.Report() is { } report ? new Outcome.Accepted<RedriveReport>(report) : new Outcome.Unknown();
    }

    private static Outcome RecordPage(
        RedriveState state,
        RecordedPage page,
        DateTimeOffset now,
        DecisionInput input,
        ActorResult<RedriveEvent> result
    )
    {
        if (state.Order is null)
            return new Outcome.Unknown();
        result.Removals.Add(input.Completes!.Value);
        if (page.Number != state.Pages + 1 || (!state.IsRunning && page is { Done: 0, Refused: 0 }))
            return Outcome.Done;
        var goesOn = state.IsRunning && page.Next is not null;
        // After every letter of this page was redriven: letters redriven from then on belong to the next page.
        var nextAt = Instants.Later(page.BeganAt + Second, now + Millisecond);
        Happened(state, new RedrivePageDone(page.Done, page.Refused, page.Next, goesOn ? nextAt : null), now, result);
        if (goesOn)
            result.Schedules.Add(RedrivePages.TaskAfter(state));
        else if (state.IsRunning)
            Happened(state, new RedriveEnded(IsStopped: false), now, result);
        return Outcome.Done;
    }

    private static void Happened(
        RedriveState state,
        RedriveEvent happened,
        DateTimeOffset now,
        ActorResult<RedriveEvent> result
    ) => Record(state, result, happened with { Sequence = state.Sequence + 1, Time = now });

    private static RedriveReport? ReportOf(RedriveCommand command, ActorResult<RedriveEvent> result) =>
        result.Outcome switch
        {
            Outcome.Accepted<RedriveReport> accepted => accepted.Answer,
            Outcome.Refused<string> busy => throw new StoreUnavailableException($"{busy.Reason} Try again later."),
            Outcome.Unknown => null,
            var outcome => throw new InvalidOperationException($"{command.GetType().Name} has no answer: {outcome}."),
        };
}
