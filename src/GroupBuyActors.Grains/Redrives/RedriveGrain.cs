using GroupBuyActors.Activations;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Relay;
using GroupBuyActors.Store.Slots;
using Orleans.Placement;

namespace GroupBuyActors.Redrives;

/// <summary>
/// One redrive: what operators and its page tasks ask of it, handed to its durable actor, which
/// <see cref="RedriveBehavior"/> makes a redrive.
/// </summary>
[MerchantPlacement, Immovable, GrainType("redrive")]
internal sealed class RedriveGrain(
    ActorServices services,
    RedriveBehavior behavior,
    SlotStores stores,
    StreamRelay relay
)
    : DurableGrain<RedriveState, RedriveCommand, ActorResult<RedriveEvent>>(RedriveBehavior.Kind, behavior, services),
        IRedriveGrain,
        IRedriveTasks,
        IIncomingGrainCallFilter
{
    private readonly ActorServices _services = services;
    private readonly RedriveBehavior _behavior = behavior;
    private RedriveRemoval? _removal;
    private IdleDeactivation? _idle;

    private bool IsSomething => Actor.State is { Sequence: > 0 };

    /// <summary>Every call passes here. An activation of a made-up id leaves soon after it has answered.</summary>
    public Task Invoke(IIncomingGrainCallContext context)
    {
        // The tick of a timer comes as a call, too.
        if (!IsSomething && context.Request.GetInterfaceType().IsInstanceOfType(this))
            (_idle ??= new IdleDeactivation(this, () => IsSomething, _services.Time)).Touched();
        return context.Invoke();
    }

    public async Task<RedriveReport> Start(RedriveOrder order) =>
        await Actor.AnswerAsync(new RedriveCommand.Start(order), _behavior.Reply)
        ?? throw new InvalidOperationException("A redrive that is started has a report.");

    public Task<RedriveReport?> GetReport() =>
        Actor.ReadAsync(static state => (state.Report(), IsKnown: state.Order is not null));

    public Task<RedriveReport?> Stop() => Actor.AnswerAsync(new RedriveCommand.Stop(), _behavior.Reply);

    public Task<RedrivePage?> GetPage(int number) =>
        Actor.ReadAsync(state =>
            (
                state.Order is { } order && number == state.Pages + 1
                    ? new RedrivePage(order, state.Token, state.PageAt, IsStopped: !state.IsRunning)
                    : null,
                IsKnown: state.Order is not null && number <= state.Pages + 1
            )
        );

    public async Task RecordPage(RecordedPage page) =>
        await Actor.ExecuteAsync(
            new RedriveCommand.RecordPage(page),
            new FiredTask(RedrivePages.KeyOf(Id, page), page.Version, page.Trace)
        );

    public Task<bool?> Remove(DateTimeOffset before) =>
        (
            _removal ??= new RedriveRemoval(Actor, this, _services.Reader, _behavior, stores.Of(Id).OldActors, relay)
        ).RemoveAsync(before);
}
