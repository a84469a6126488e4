using GroupBuyActors.Events;
using GroupBuyActors.Ports;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

public static partial class GroupMachine
{
    /// <summary>The number of a task that was put back, above those that an event gives.</summary>
    private const int PutBack = 1_000_000;
    private static readonly byte[] NoPayload = "{}"u8.ToArray();

    /// <summary>
    /// The tasks that an event just applied schedules and removes. <paramref name="deferred"/>: it opened consequences
    /// that do not fit into its commit; their <c>group-settle</c> task is always the event's first, so that it can be
    /// named without a look-up.
    /// </summary>
    internal static void Follow(Turn turn, RecordedEvent recorded, bool deferred)
    {
        var (state, tasks) = (turn.State, new TasksOf(turn, recorded));
        if (deferred)
            tasks.Add(TaskTypes.GroupSettle, recorded.Time, NoPayload);
        switch (recorded.Event)
        {
            case OrderPlaced e:
                tasks.Add(TaskTypes.OrderClose, e.ClosesAt, TaskPayloads.Write(new OrderTask(e.OrderId.Number)));
                break;
            case OrderPaid e:
                RemoveOrderClose(turn, e.OrderId.Number);
                break;
            case OrderClosed e:
                RemoveOrderClose(turn, e.OrderId.Number);
                tasks.Add(
                    TaskTypes.PaymentCheck,
                    recorded.Time + turn.Settings.ProviderWindow,
                    TaskPayloads.Write(new OrderTask(e.OrderId.Number))
                );
                break;
            case OrderRefundRequested e:
                tasks.Add(
                    TaskTypes.Refund,
                    recorded.Time,
                    TaskPayloads.Write(new RefundTask(e.OrderId.Number, e.PaymentId, e.Amount, false))
                );
                break;
            case PaymentExcess e:
                tasks.Add(
                    TaskTypes.Refund,
                    recorded.Time,
                    TaskPayloads.Write(new RefundTask(e.OrderId.Number, e.PaymentId, e.Amount, true))
                );
                break;
            case BuyersNotified e:
                FollowNotices(state, e, ref tasks);
                break;
            case GroupPublishing e:
                tasks.Add(
                    TaskTypes.StockRollback,
                    recorded.Time + turn.Settings.PublicationGuard,
                    TaskPayloads.Write(GuardOf(state, e.Attempt))
                );
                break;
            case GroupPublicationAbandoned:
                RemoveGuard(turn);
                break;
            case GroupShelved e:
                RemoveGuard(turn);
                tasks.Add(TaskTypes.GroupDeadline, e.Deadline, NoPayload);
                break;
            case GroupJoiningEnded:
            case GroupExpired when state.JoiningEnded is null:
                turn.Remove(DeadlineTask(state), state.ShelvedSequence);
                break;
        }

        FollowPlans(state, recorded, turn.Settings, ref tasks);
    }

    /// <summary>The key of the task that fires at the deadline.</summary>
    internal static TaskKey DeadlineTask(GroupState state) =>
        state.TaskKey(state.RequireTerms().Deadline, state.ShelvedSequence) with
        {
            Type = TaskTypes.GroupDeadline,
        };

    /// <summary>
    /// A task that the state needs, as its event scheduled it: to put it back where it was lost. Which of its event's
    /// tasks it was is told by the state for those that events remove by name; a deduction's and a release's are
    /// removed by their own runs, under any name.
    /// </summary>
    internal static TimedTask TaskOf(GroupState state, NeededTask needed, GroupSettings settings)
    {
        var due =
            needed.NotAfter
            ?? throw new ArgumentException(
                $"The group's state has no due time for task type {needed.Type}.",
                nameof(needed)
            );
        var (i, payload) = needed.Type switch
        {
            TaskTypes.GroupDeadline or TaskTypes.GroupSettle => (0, NoPayload),
            TaskTypes.OrderClose => (0, TaskPayloads.Write(new OrderTask(needed.Order))),
            TaskTypes.SuccessSaga when state.Ledger.InFlight is { } deduction => (
                PutBack,
                TaskPayloads.Write(new DeductTask(deduction.Cause, DeductionOf(state, deduction)))
            ),
            TaskTypes.StockRollback
                when state.Ledger.Releases.Find(release => release.Sequence == needed.Sequence) is { } release => (
                PutBack,
                TaskPayloads.Write(new ReleaseTask(release.Cause, ReleaseOf(state, release)))
            ),
            TaskTypes.StockRollback => (0, TaskPayloads.Write(GuardOf(state, state.Attempt))),
            _ => throw new ArgumentException($"No group state requires a task of type {needed.Type}.", nameof(needed)),
        };
        return new TimedTask
        {
            Key = state.TaskKey(due, needed.Sequence, i),
            Type = needed.Type,
            Actor = state.Actor,
            Payload = payload,
            NextAt = due,
        };
    }

    private static void RemoveGuard(Turn turn) =>
        turn.Remove(
            turn.State.TaskKey(
                turn.State.PublishingAt + turn.Settings.PublicationGuard,
                turn.State.PublishingSequence
            ) with
            {
                Type = TaskTypes.StockRollback,
            },
            turn.State.PublishingSequence
        );

    private static void RemoveOrderClose(Turn turn, int number)
    {
        var order = turn.State.Orders[number];
        turn.Remove(
            turn.State.TaskKey(order.ClosesAt, order.PlacedSequence) with
            {
                Type = TaskTypes.OrderClose,
            },
            order.PlacedSequence
        );
    }

    private static void FollowNotices(GroupState state, BuyersNotified e, ref TasksOf tasks)
    {
        for (var number = e.FirstOrder; number <= e.LastOrder; number++)
        {
            var order = state.Orders[number];
            if (order.Status.HoldsSeats())
                tasks.Add(
                    TaskTypes.Notify,
                    state.UpdatedAt,
                    TaskPayloads.Write(new NotifyTask(number, order.UserId, e.Kind))
                );
        }
    }

    private static void FollowPlans(GroupState state, RecordedEvent recorded, GroupSettings settings, ref TasksOf tasks)
    {
        if (state.Ledger.Deductions is [.., var deduction] && deduction.Sequence == recorded.Sequence)
            tasks.Add(
                TaskTypes.SuccessSaga,
                recorded.Time,
                TaskPayloads.Write(new DeductTask(deduction.Cause, DeductionOf(state, deduction)))
            );
        if (state.Ledger.Releases is [.., var release] && release.Sequence == recorded.Sequence)
            tasks.Add(
                TaskTypes.StockRollback,
                release.UndoReservation ? recorded.Time : recorded.Time + settings.GiveBackDelay,
                TaskPayloads.Write(new ReleaseTask(release.Cause, ReleaseOf(state, release)))
            );
    }

    // Were the attempt abandoned, its release would be the next one; nothing else plans a release while a publication
    // is open.
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

    /// <summary>Numbers the tasks of one event.</summary>
    private struct TasksOf(Turn turn, RecordedEvent recorded)
    {
        private int _count;

        public void Add(string type, DateTimeOffset due, byte[] payload) =>
            turn.Schedule(
                new TimedTask
                {
                    Key = turn.State.TaskKey(due, recorded.Sequence, _count++),
                    Type = type,
                    Actor = turn.State.Actor,
                    Payload = payload,
                    NextAt = due,
                    Trace = turn.Trace,
                }
            );
    }
}
