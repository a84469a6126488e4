using GroupBuyActors.Activations;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Reconciliation;
using Orleans.Concurrency;
using Orleans.Placement;

namespace GroupBuyActors.Groups;

/// <summary>
/// The grain of one group: passes calls, tasks and reminders to its durable actor with a <see cref="GroupBehavior"/>.
/// Reentrant, because the turns of a durable actor interleave.
/// </summary>
[Reentrant, MerchantPlacement, Immovable, GrainType(GroupReminders.GrainTypeName)]
internal sealed class GroupGrain(GroupServices services, GroupBehavior behavior)
    : Grain,
        IGroupGrain,
        IGroupTasks,
        IRemindable,
        IIncomingGrainCallFilter,
        IActorHost,
        IGrainMigrationParticipant
{
    // Null if the key is not a valid group id. Each call is then refused, because an activation that throws hides the
    // reason from callers.
    private DurableActor<GroupState, GroupCommand, CommandResult>? _actor;
    private GroupRemoval? _removal;
    private IdleDeactivation? _idle;
    private MigratedGroup? _migrated;
    private bool _owesReminder;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        services.Active.Activated();
        if (!GroupId.TryParse(this.GetPrimaryKeyString(), out var id))
            return;
        _actor = new(id.Actor, behavior, services.Actors, this);
        await _actor.ActivateAsync(cancellationToken, _migrated?.Actor);
        // A group that was moved has its reminder: thousands that move at once write none again.
        if (_actor.State is { } state && _migrated is not { HasReminder: true })
            services.Reminders.KeepWhileNeeded(state);
        _migrated = null;
        services.ActiveActors.Add(GrainContext, _actor);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        services.Active.Deactivated();
        _owesReminder = services.Reminders.Forget(this.GetGrainId());
        return _actor?.DeactivateAsync(cancellationToken, reason.ReasonCode == DeactivationReasonCode.Migrating)
            ?? Task.CompletedTask;
    }

    public void OnDehydrate(IDehydrationContext dehydrationContext)
    {
        if (_actor is not null)
            new MigratedGroup(_actor.Ship(), !_owesReminder).Write(dehydrationContext);
    }

    public void OnRehydrate(IRehydrationContext rehydrationContext) =>
        _migrated = MigratedGroup.Read(rehydrationContext);

    /// <summary>
    /// Every call passes here. An activation without state (of an unknown or invalid id) is deactivated soon after it
    /// has answered, so that calls with ids that do not exist do not fill the memory.
    /// </summary>
    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (!HasState && IsGrainCall(context))
            (_idle ??= new IdleDeactivation(this, () => HasState, services.Actors.Time)).Touched();
        return context.Invoke();
    }

    public Task<Reply<GroupView>> Publish(GroupTermsRequest termsRequest, RequestKey? request) =>
        AnswerGroup(new GroupCommand.Publish(termsRequest, request));

    public Task<Reply<GroupView>> Withdraw(RequestKey? request) => AnswerGroup(new GroupCommand.Withdraw(request));

    public Task<Reply<GroupView>> EndJoining(RequestKey? request) => AnswerGroup(new GroupCommand.EndJoining(request));

    public Task<Reply<OrderView>> Join(JoinGroup command) => AnswerOrder(new GroupCommand.Join(command));

    public Task<Reply<OrderView>> CancelOrder(int number, RequestKey? request) =>
        AnswerOrder(new GroupCommand.Cancel(number, request));

    public Task<Reply<OrderView>> Pay(PayOrder command) => AnswerOrder(new GroupCommand.Pay(command));

    public Task<Reply<OrderView>> RequestRefund(RequestRefund command) => AnswerOrder(new GroupCommand.Refund(command));

    public Task<Reply<OrderView>> Redeem(VoucherCode code, RequestKey? request) =>
        AnswerOrder(new GroupCommand.Redeem(code, request));

    public Task<Reply<OrderView>> RevokeRedemption(VoucherCode code, RequestKey? request) =>
        AnswerOrder(new GroupCommand.Revoke(code, request));

    public Task<Reply<GroupView>> Get() =>
        _actor?.ReadAsync(static state => (GroupReplies.Of(state), IsKnown: true))
        ?? Task.FromResult(GroupReplies.NoGroupId<GroupView>());

    public Task<Reply<OrderView>> GetOrder(int number) =>
        _actor?.ReadAsync(state =>
        {
            var reply = GroupReplies.Of(state, number);
            return (reply, IsKnown: reply.Succeeded);
        })
        ?? Task.FromResult(GroupReplies.NoGroupId<OrderView>());

    public async Task<Reply<GroupView>> Settle(RequestKey? request)
    {
        var reply = await AnswerGroup(new GroupCommand.Settle(request));
        if (_actor is null || reply.Refusal is not null || reply.Replayed)
            return reply;
        return await services.Repair.RepairAllAsync(_actor)
            ? reply with
            {
                Value = _actor.State.View() ?? reply.Value,
            }
            : reply;
    }

    public Task<long> WaitForEvents(long after) => _actor?.WaitForEventsAsync(after) ?? Task.FromResult(0L);

    public async Task<FiringResult> Run(TaskFiring firing)
    {
        if (_actor is null)
            throw new NotSupportedException("This is not a valid group id.");
        var task = new FiredTask(firing.Key, firing.Version, firing.Trace);
        return FiringResult.Of(firing, await _actor.ExecuteAsync(firing.Command(), task), _actor.State);
    }

    public async Task<bool> LapseVouchers(string? trace) =>
        _actor is not null
        && (await _actor.ExecuteAsync(new GroupCommand.LapseVouchers())).Events.Count > 0
        && _actor.State.HasPendingFanOut;

    public Task<GroupBooksReply> ReadBooks(int[] orders) =>
        _actor?.ReadAsync(state =>
            (
                GroupBooksReply.Of(GroupBooks.Of(state, orders)),
                IsKnown: orders.All(number => number <= state.OrderCount)
            )
        )
        ?? Task.FromResult(new GroupBooksReply());

    public Task<bool?> Remove(DateTimeOffset before) =>
        _actor is null
            ? Task.FromResult<bool?>(null)
            : (_removal ??= new GroupRemoval(services, _actor, this)).RemoveAsync(before);

    /// <summary>The backstop: wakes the group even if all of its tasks were lost.</summary>
    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        if (_actor is null)
            return;
        await AnswerGroup(new GroupCommand.Settle());
        await services.Repair.RepairOverdueAsync(_actor);
        services.Reminders.DropUnlessNeeded(_actor.State);
    }

    void IActorHost.Deactivate() => DeactivateOnIdle();

    // The tick of a grain timer is a call, too.
    private bool IsGrainCall(IIncomingGrainCallContext context) =>
        context.Request.GetInterfaceType().IsInstanceOfType(this);

    private bool HasState => _actor?.State is { Sequence: > 0 };

    private Task<Reply<GroupView>> AnswerGroup(GroupCommand command) =>
        _actor?.AnswerAsync(command, behavior.GroupReply) ?? Task.FromResult(GroupReplies.NoGroupId<GroupView>());

    private Task<Reply<OrderView>> AnswerOrder(GroupCommand command) =>
        _actor?.AnswerAsync(command, behavior.OrderReply) ?? Task.FromResult(GroupReplies.NoGroupId<OrderView>());
}
