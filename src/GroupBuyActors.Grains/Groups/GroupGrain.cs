using GroupBuyActors.Committing;
using GroupBuyActors.Events;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Reconciliation;
using Orleans.Concurrency;
using Orleans.Placement;

namespace GroupBuyActors.Groups;

/// <summary>
/// One group: a thin shell around <see cref="GroupMachine"/>.
/// <para>
/// Reentrant by design. A command is decided and applied to the state in one turn, without an await between; its commit
/// is awaited afterwards, while the next commands are decided on top of it. The state is therefore ahead of the store,
/// and the rule that makes this safe is: nothing leaves the grain before the head it saw is committed, refusals and
/// replayed answers included.
/// </para>
/// <para>
/// A commit that is refused or not made ends the activation with all that was decided on top: the token is poisoned,
/// callers get <see cref="StoreUnavailableException"/> and land, with the same request, on an activation that loaded
/// the true state.
/// </para>
/// </summary>
[Reentrant, MerchantPlacement, Immovable, GrainType("group")]
internal sealed partial class GroupGrain(GroupServices services)
    : Grain,
        IGroupGrain,
        IGroupTasks,
        IRemindable,
        IIncomingGrainCallFilter
{
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(10);
    private GroupId _id;
    private ShardId _shard;
    private GroupState _state = null!;
    private ActivationToken _token = null!;
    private HeadCheck _head = null!;

    /// <summary>The newest commit; lanes keep a shard's order, so that once it is known all before it are.</summary>
    private Task<CommitResult> _pending = Task.FromResult(new CommitResult(CommitStatus.Committed, default));
    private long _durable;
    private long _confirmedAt;
    private string? _endedBecause;
    private bool _malformed;
    private TaskCompletionSource? _advanced;
    private IdleDeactivation? _idle;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        services.Activated();
        if (!GroupId.TryParse(this.GetPrimaryKeyString(), out _id))
        {
            // Refused call by call: an activation that throws here would hide the reason from its callers.
            _malformed = true;
            return;
        }

        _shard = _id.Shard;
        _token = new ActivationToken();
        _head = new HeadCheck(ReadHead);
        try
        {
            _confirmedAt = services.Time.GetTimestamp();
            (_state, _snapshotSequence) = await GroupLoader.LoadAsync(services.Reader, _id, cancellationToken);
            _durable = _state.Sequence;
            KeepReminder();
        }
        catch (UnknownEventException e)
        {
            GroupLog.FromTheFuture(services.Log, e, _id);
            _endedBecause = "The group was written by a newer release than this silo runs.";
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            GroupLog.NotLoaded(services.Log, e, _id);
            _endedBecause = "The group could not be loaded.";
        }
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        services.Deactivated();
        _advanced?.TrySetResult();
        if (_malformed || _state is null)
            return;
        await ((Task)_pending)
            .WaitAsync(services.Options.DrainBound, services.Time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        // Whatever has not been committed by now was never answered; it must not land behind the next activation's
        // back.
        var drained = _pending.IsCompleted && _endedBecause is null;
        _token.Poison();
        if (drained)
            await SnapshotAsleep(cancellationToken);
    }

    /// <summary>
    /// Every call passes here. An activation of nothing (a made-up id, an id that no group can have) leaves soon after
    /// it has answered: whoever asks for ids that do not exist must not fill the memory of those that do.
    /// </summary>
    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (!IsSomething && IsQuestion(context))
            (_idle ??= new IdleDeactivation(this, () => IsSomething, services.Time)).Touched();
        return context.Invoke();
    }

    // The tick of a timer comes as a call, too.
    private bool IsQuestion(IIncomingGrainCallContext context) =>
        context.Request.GetInterfaceType().IsInstanceOfType(this);

    private bool IsSomething => _state is { Sequence: > 0 };

    public Task<Reply<GroupView>> Publish(GroupTermsRequest termsRequest, RequestKey? request) =>
        Answer<GroupView>(new GroupCommand.Publish(termsRequest, request));

    public async Task<Reply<GroupView>> Get()
    {
        if (_malformed)
            return Malformed<GroupView>();
        await Ready();
        var view = _state.View();
        await CommitsCompleted();
        return view is null
            ? Refused<GroupView>(RefusalCode.GroupNotFound, "The group does not exist.")
            : new Reply<GroupView> { Value = view };
    }

    public Task<Reply<GroupView>> Withdraw(RequestKey? request) =>
        Answer<GroupView>(new GroupCommand.Withdraw(request));

    public Task<Reply<GroupView>> EndJoining(RequestKey? request) =>
        Answer<GroupView>(new GroupCommand.EndJoining(request));

    public Task<Reply<OrderView>> Join(JoinGroup command) => Answer<OrderView>(new GroupCommand.Join(command));

    public async Task<Reply<OrderView>> GetOrder(int number)
    {
        if (_malformed)
            return Malformed<OrderView>();
        await Ready();
        var order = _state.Order(number);
        if (order is null)
            await _head.RunAsync();
        await CommitsCompleted();
        return order is null
            ? Refused<OrderView>(RefusalCode.OrderNotFound, "The order does not exist.")
            : new Reply<OrderView> { Value = order };
    }

    public async Task<GroupBooksReply> ReadBooks(int[] orders)
    {
        if (_malformed)
            return new GroupBooksReply();
        await Ready();
        var books = GroupBooks.Of(_state, orders);
        if (orders.Any(number => number > _state.OrderCount))
            await _head.RunAsync();
        await CommitsCompleted();
        return GroupBooksReply.Of(books);
    }

    public Task<Reply<OrderView>> CancelOrder(int number, RequestKey? request) =>
        Answer<OrderView>(new GroupCommand.Cancel(number, request));

    public Task<Reply<OrderView>> Pay(PayOrder command) => Answer<OrderView>(new GroupCommand.Pay(command));

    public Task<Reply<OrderView>> RequestRefund(RequestRefund command) =>
        Answer<OrderView>(new GroupCommand.Refund(command));

    public Task<Reply<OrderView>> Redeem(VoucherCode code, RequestKey? request) =>
        Answer<OrderView>(new GroupCommand.Redeem(code, request));

    public Task<Reply<OrderView>> RevokeRedemption(VoucherCode code, RequestKey? request) =>
        Answer<OrderView>(new GroupCommand.Revoke(code, request));

    public async Task<long> WaitForEvents(long after)
    {
        if (_malformed)
            return 0;
        await Ready();
        // A group that does not exist has no events to wait for, and whoever waits keeps the activation that is to
        // leave.
        if (_state.Sequence == 0)
            return 0;
        var since = services.Time.GetTimestamp();
        while (_durable <= after && _endedBecause is null && !services.Gate.IsDraining)
        {
            var left = LongPoll - services.Time.GetElapsedTime(since);
            if (left <= TimeSpan.Zero)
                break;
            _advanced ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await _advanced
                .Task.WaitAsync(left, services.Time, services.Gate.Draining)
                .ConfigureAwait(
                    ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext
                );
        }

        // A second activation never hears of the first one's events: a poll that heard nothing looks before it says so.
        if (_durable <= after)
            await Ready();
        return _durable;
    }

    private static Reply<T> Refused<T>(RefusalCode code, string detail)
        where T : class => new() { Refusal = new Refusal(code, detail) };

    private static Reply<T> Malformed<T>()
        where T : class =>
        typeof(T) == typeof(OrderView)
            ? Refused<T>(RefusalCode.OrderNotFound, "This is not a valid group id.")
            : Refused<T>(RefusalCode.GroupNotFound, "This is not a valid group id.");
}
