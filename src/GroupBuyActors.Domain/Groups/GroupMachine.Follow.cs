using GroupBuyActors.Events;
using GroupBuyActors.Ports;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

internal static partial class GroupMachine
{
    /// <summary>The number in the id of a restored task whose due time is not the one that its event set.</summary>
    private const int RestoredTaskNumber = 1_000_000;

    /// <summary>
    /// Schedules and removes the tasks that follow from an event that was just applied. <paramref name="deferred"/> is
    /// true if it opened a fan-out that does not fit into its commit.
    /// </summary>
    internal static void Follow(CommandExecution execution, RecordedEvent recorded, bool deferred)
    {
        var (state, tasks) = (execution.State, new TasksOf(execution, recorded));
        if (deferred)
            tasks.Add(GroupSettle.Type, recorded.Time, NoPayload.Value);
        switch (recorded.Event)
        {
            case OrderPlaced e:
                tasks.Add(OrderClose.Type, e.ClosesAt, new OrderTask(e.OrderId.Number));
                break;
            case OrderPaid e:
                RemoveOrderClose(execution, e.OrderId.Number);
                break;
            case OrderClosed e:
                RemoveOrderClose(execution, e.OrderId.Number);
                tasks.Add(
                    PaymentCheck.Type,
                    recorded.Time + execution.Settings.ProviderWindow,
                    new OrderTask(e.OrderId.Number)
                );
                break;
            case OrderRefundRequested e:
                tasks.Add(Refund.Type, recorded.Time, new RefundTask(e.OrderId.Number, e.PaymentId, e.Amount, false));
                break;
            case PaymentExcess e:
                tasks.Add(Refund.Type, recorded.Time, new RefundTask(e.OrderId.Number, e.PaymentId, e.Amount, true));
                break;
            case BuyersNotified e:
                FollowNotices(state, e, ref tasks);
                break;
            case GroupPublishing e:
                tasks.Add(
                    StockRollback.Type,
                    recorded.Time + execution.Settings.PublicationGuard,
                    GuardOf(state, e.Attempt)
                );
                break;
            case GroupPublicationAbandoned:
                RemoveGuard(execution);
                break;
            case GroupShelved e:
                RemoveGuard(execution);
                tasks.Add(GroupDeadline.Type, e.Deadline, NoPayload.Value);
                break;
            case GroupJoiningEnded:
            case GroupExpired when state.JoiningEnded is null:
                execution.Remove(DeadlineTask(state), state.ShelvedSequence);
                break;
        }

        FollowPlans(state, recorded, execution.Settings, ref tasks);
    }

    /// <summary>The key of the task that fires at the deadline.</summary>
    internal static TaskKey DeadlineTask(GroupState state) =>
        state.TaskKey(state.RequireTerms().Deadline, state.ShelvedSequence, GroupDeadline.Type);

    /// <summary>
    /// A task that the state needs, as its event scheduled it, in order to restore it. The state does not know when the
    /// tasks of deductions and releases were due, so these get ids of their own; that is safe because they are removed
    /// by their own runs, under any id.
    /// </summary>
    internal static TimedTask TaskOf(GroupState state, NeededTask needed, GroupSettings settings)
    {
        var due =
            needed.NotAfter
            ?? throw new ArgumentException(
                $"The group's state has no due time for task type {needed.Type}.",
                nameof(needed)
            );
        return needed.Type switch
        {
            GroupDeadline.TypeName => Task(GroupDeadline.Type, NoPayload.Value),
            GroupSettle.TypeName => Task(GroupSettle.Type, NoPayload.Value),
            OrderClose.TypeName => Task(OrderClose.Type, new OrderTask(needed.Order)),
            SuccessSaga.TypeName when state.Ledger.InFlight is { } deduction => Task(
                SuccessSaga.Type,
                new DeductTask(deduction.Cause, DeductionOf(state, deduction)),
                RestoredTaskNumber
            ),
            StockRollback.TypeName
                when state.Ledger.Releases.Find(release => release.Sequence == needed.Sequence) is { } release => Task(
                StockRollback.Type,
                new ReleaseTask(release.Cause, ReleaseOf(state, release)),
                RestoredTaskNumber
            ),
            StockRollback.TypeName => Task(StockRollback.Type, GuardOf(state, state.Attempt)),
            _ => throw new ArgumentException($"No group state requires a task of type {needed.Type}.", nameof(needed)),
        };

        TimedTask Task<TPayload>(TaskType<TPayload> type, TPayload payload, int n = 0) =>
            new()
            {
                Key = state.TaskKey(due, needed.Sequence, type, n),
                Type = type.Name,
                Actor = state.Actor,
                Payload = type.Write(payload),
                NextAt = due,
            };
    }

    private static void RemoveGuard(CommandExecution execution) =>
        execution.Remove(
            execution.State.TaskKey(
                execution.State.PublishingAt + execution.Settings.PublicationGuard,
                execution.State.PublishingSequence,
                StockRollback.Type
            ),
            execution.State.PublishingSequence
        );

    private static void RemoveOrderClose(CommandExecution execution, int number)
    {
        var order = execution.State.Orders[number];
        execution.Remove(
            execution.State.TaskKey(order.ClosesAt, order.PlacedSequence, OrderClose.Type),
            order.PlacedSequence
        );
    }

    private static void FollowNotices(GroupState state, BuyersNotified e, ref TasksOf tasks)
    {
        for (var number = e.FirstOrder; number <= e.LastOrder; number++)
        {
            var order = state.Orders[number];
            if (order.Status.HoldsSeats())
                tasks.Add(Notify.Type, state.UpdatedAt, new NotifyTask(number, order.UserId, e.Kind));
        }
    }

    private static void FollowPlans(GroupState state, RecordedEvent recorded, GroupSettings settings, ref TasksOf tasks)
    {
        if (state.Ledger.Deductions is [.., var deduction] && deduction.Sequence == recorded.Sequence)
            tasks.Add(SuccessSaga.Type, recorded.Time, new DeductTask(deduction.Cause, DeductionOf(state, deduction)));
        if (state.Ledger.Releases is [.., var release] && release.Sequence == recorded.Sequence)
            tasks.Add(
                StockRollback.Type,
                release.UndoReservation ? recorded.Time : recorded.Time + settings.ReleaseDelay,
                new ReleaseTask(release.Cause, ReleaseOf(state, release))
            );
    }

    // If the attempt is abandoned, its release is the next one, because nothing else plans a release while a
    // publication is open.
    private static ReleaseTask GuardOf(GroupState state, int attempt)
    {
        var release = new Release
        {
            Cause = state.Ledger.Releases.Count + 1,
            Attempt = attempt,
            UndoReservation = true,
        };
        return new ReleaseTask(release.Cause, ReleaseOf(state, release), attempt);
    }

    private static StockDeduction DeductionOf(GroupState state, Deduction deduction) =>
        new(
            PortKeys.Deduct(state.Id, deduction.Cause),
            PortKeys.Reserve(state.Id, state.Attempt),
            state.Id,
            state.RequireTerms().Sku,
            deduction.Units
        );

    private static StockRelease ReleaseOf(GroupState state, Release release) =>
        new(
            PortKeys.Release(state.Id, release.Cause),
            PortKeys.Reserve(state.Id, release.Attempt),
            state.Id,
            state.RequireTerms().Sku,
            release.Units,
            release.Returned
        )
        {
            UndoReservation = release.UndoReservation,
            UndoDeductions = release.UndoDeductions?.ConvertAll(cause => PortKeys.Deduct(state.Id, cause)) ?? [],
        };

    /// <summary>Numbers the tasks of one event; only notices can be several of a type.</summary>
    private struct TasksOf(CommandExecution execution, RecordedEvent recorded)
    {
        private int _notices;

        public void Add<TPayload>(TaskType<TPayload> type, DateTimeOffset due, TPayload payload) =>
            execution.Schedule(
                type.CausedBy(
                    execution.State.Actor,
                    recorded.Sequence,
                    due,
                    payload,
                    ReferenceEquals(type, Notify.Type) ? _notices++ : 0,
                    execution.Trace
                )
            );
    }
}
