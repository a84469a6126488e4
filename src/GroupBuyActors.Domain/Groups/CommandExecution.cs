using GroupBuyActors.Committing;
using GroupBuyActors.Events;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>
/// The execution of one command: applies events as they are decided, and collects what must be committed with them.
/// </summary>
internal sealed class CommandExecution
{
    private readonly CommandContext _context;
    private readonly PendingFanOut? _orderWorkBefore,
        _noticeWorkBefore;
    private readonly CommitBudget _budget;
    private int _ordersLeft,
        _noticesLeft;
    private bool _mayLapse;

    public CommandExecution(GroupState state, CommandContext context)
    {
        State = state;
        _context = context;
        Now = Instants.Later(Instants.TruncateToMilliseconds(context.Clock), state.UpdatedAt);
        SequenceBefore = state.Sequence;
        (_orderWorkBefore, _noticeWorkBefore) = (state.OrderWork, state.NoticeWork);
        _budget = new CommitBudget(context.CommitBytesMax, CommandResult.Events);
    }

    public GroupState State { get; }
    public DateTimeOffset Now { get; }
    public long SequenceBefore { get; }
    public GroupSettings Settings => _context.Settings;
    public string? Trace => _context.Trace;
    public CommandResult CommandResult { get; } = new();

    /// <summary>Records and applies one event, with its tasks, status row and payment entry.</summary>
    public void Emit(GroupEvent happened)
    {
        var (orderWork, noticeWork) = (State.OrderWork, State.NoticeWork);
        var recorded = new RecordedEvent(State.Sequence + 1, Now, happened);
        GroupMachine.Apply(State, recorded);
        CommandResult.Events.Add(recorded);
        var deferred = false;
        if (State.OrderWork is not null && State.OrderWork != orderWork)
            deferred |= Defers(happened);
        if (State.NoticeWork is not null && State.NoticeWork != noticeWork)
            deferred |= DefersNotices();
        GroupMachine.Follow(this, recorded, deferred);
        if (happened is OrderEvent about)
            Books.Record(this, about, recorded);
    }

    /// <summary>
    /// Applies every transition that is due, each with its fan-out if it fits, until none is left.
    /// </summary>
    public void RunTransitions()
    {
        while (true)
        {
            RunFanOut();
            if (Transitions.Next(State, Now, _mayLapse) is not { } next)
                return;
            Emit(next);
        }
    }

    /// <summary>Continues a pending fan-out, as far as a commit allows, and lets vouchers lapse.</summary>
    public void Advance()
    {
        _mayLapse = true;
        _ordersLeft = Math.Min(Settings.FanOutPerCommit, FanOut.CountOfOrders(State));
        _noticesLeft = Settings.FanOutPerCommit - _ordersLeft;
    }

    public void Schedule(TimedTask task)
    {
        CommandResult.Schedules.Add(task);
        _budget.Take(CommitBytes.OfTask(task));
    }

    public void Log(OrderStatusChange change)
    {
        CommandResult.Statuses.Add(change);
        _budget.Take(OrderStatusChange.BytesOf(change.Order.UserId));
    }

    /// <summary>Removes a task; if this execution scheduled it, it is not scheduled in the first place.</summary>
    public void Remove(TaskKey key, long causedBy)
    {
        if (causedBy > SequenceBefore && CommandResult.Schedules.RemoveAll(task => task.Key.Id == key.Id) > 0)
            return;
        CommandResult.Removals.Add(key);
        _budget.Take(CommitBytes.Removal);
    }

    /// <summary>Removes the tasks of fan-outs that are done.</summary>
    public void RemoveDoneWork()
    {
        RemoveWork(_orderWorkBefore, State.OrderWork);
        RemoveWork(_noticeWorkBefore, State.NoticeWork);
    }

    /// <summary>Removes the task that delivered the command, unless its fan-out is still pending.</summary>
    public void Complete()
    {
        if (_context.Completes is not { } task || IsPendingFanOut(task))
            return;
        // The row may have been moved since the task was scheduled; the key that the task delivers is the current one.
        var removals = CommandResult.Removals;
        for (var i = 0; i < removals.Count; i++)
        {
            if (removals[i].Id != task.Id)
                continue;
            removals[i] = task;
            return;
        }

        removals.Add(task);
    }

    private void RunFanOut()
    {
        for (; _ordersLeft > 0 && _budget.Left > 0; _ordersLeft--)
        {
            if (FanOut.Next(State, _context.NewSecret) is not var (first, second))
                break;
            Emit(first);
            if (second is not null)
                Emit(second);
        }

        _ordersLeft = 0;
        var noticesLeft = _noticesLeft;
        _noticesLeft = 0;
        if (noticesLeft == 0 || _budget.Left <= 0)
            return;
        if (FanOut.NextNotices(State, noticesLeft, _budget.Left) is { } notices)
            Emit(notices);
    }

    private bool Defers(GroupEvent happened)
    {
        var count = FanOut.CountOfOrders(State);
        // The refund that marks a fulfilment as failed is itself the first event of its fan-out.
        var limit = Settings.FanOutPerCommit - (happened is OrderRefundRequested ? 1 : 0);
        var fits = count <= limit && FanOut.BytesOfOrders(State) <= _budget.Left;
        _ordersLeft = fits || happened is OrderRefundRequested ? Math.Min(count, limit) : 0;
        return !fits;
    }

    private bool DefersNotices()
    {
        var fits =
            FanOut.CountOfNotices(State) <= Settings.FanOutPerCommit && FanOut.BytesOfNotices(State) <= _budget.Left;
        _noticesLeft = fits ? Settings.FanOutPerCommit : 0;
        return !fits;
    }

    private void RemoveWork(PendingFanOut? before, PendingFanOut? after)
    {
        if (before is { } work && before != after)
            Remove(State.TaskKey(work.At, work.Sequence, GroupSettle.Type), work.Sequence);
    }

    private bool IsPendingFanOut(TaskKey task) => IsTaskOf(State.OrderWork, task) || IsTaskOf(State.NoticeWork, task);

    private bool IsTaskOf(PendingFanOut? work, TaskKey task) =>
        work is { } open && task.Id == TaskIds.Of(State.Actor, open.Sequence, GroupSettle.TypeName);
}
