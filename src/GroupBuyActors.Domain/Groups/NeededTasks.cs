using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>A task that a group's state says must be pending.</summary>
/// <param name="Type">See <see cref="TaskTypes"/>.</param>
/// <param name="Sequence">Of the event that scheduled it; 0 where the state does not know it.</param>
public readonly record struct NeededTask(string Type, long Sequence);

/// <summary>How a group's pending tasks compare with what its state needs.</summary>
/// <param name="Missing">Needed and not there: something lost them.</param>
/// <param name="Unneeded">There, of a type that the state knows all of, and not needed: they fire in vain and go.</param>
public sealed record TaskCheck(IReadOnlyList<NeededTask> Missing, IReadOnlyList<string> Unneeded)
{
    /// <summary>True where every task that was ever scheduled is either pending and needed, or has ended.</summary>
    public bool Holds => Missing.Count == 0 && Unneeded.Count == 0;
}

/// <summary>
/// What must be pending, derived from the state alone: every open end of a group has a task that will come back to it. Whatever was
/// scheduled and is not needed any more has ended, so created = ended + live holds where nothing is missing and nothing is left over.
/// </summary>
public static class NeededTasks
{
    private static readonly HashSet<string> Known =
        [TaskTypes.GroupDeadline, TaskTypes.OrderClose, TaskTypes.SuccessSaga, TaskTypes.StockRollback, TaskTypes.Refund, TaskTypes.GroupSettle];

    /// <summary>The tasks that a state needs.</summary>
    public static IEnumerable<NeededTask> Of(GroupState state)
    {
        if (state.Phase == GroupPhase.Publishing) yield return new NeededTask(TaskTypes.StockRollback, state.PublishingSequence);
        if (state.Phase is GroupPhase.OnShelf or GroupPhase.Opening or GroupPhase.Success && state.JoiningEnded is null)
            yield return new NeededTask(TaskTypes.GroupDeadline, state.ShelvedSequence);
        if (state.Ledger.InFlight is { } deduction) yield return new NeededTask(TaskTypes.SuccessSaga, deduction.Sequence);
        foreach (var release in state.Ledger.Releases)
            if (!release.Confirmed) yield return new NeededTask(TaskTypes.StockRollback, release.Sequence);
        if (state.OrderWork is { } orders) yield return new NeededTask(TaskTypes.GroupSettle, orders.Sequence);
        if (state.NoticeWork is { } notices) yield return new NeededTask(TaskTypes.GroupSettle, notices.Sequence);
        foreach (var order in state.Orders.All)
        {
            if (order.Status == OrderStatus.PendingPayment) yield return new NeededTask(TaskTypes.OrderClose, order.PlacedSequence);
            if (order.Payments is null) continue;
            foreach (var payment in order.Payments)
                if (payment.State == PaymentState.Refunding) yield return new NeededTask(TaskTypes.Refund, 0);
        }
    }

    /// <summary>Compares what is there with what is needed; both of the same head.</summary>
    /// <param name="state">The group.</param>
    /// <param name="there">Type and id of its pending tasks, and of dead letters, which wait for an operator.</param>
    public static TaskCheck Check(GroupState state, IEnumerable<(string Type, string Id)> there)
    {
        var left = there.Where(task => Known.Contains(task.Type)).ToList();
        var missing = new List<NeededTask>();
        foreach (var needed in Of(state))
        {
            var found = left.FindIndex(task => task.Type == needed.Type && (needed.Sequence == 0 || IsOf(task.Id, needed.Sequence)));
            if (found >= 0) left.RemoveAt(found);
            else missing.Add(needed);
        }

        // One that continued work which another has taken over is due at once, finds nothing to do, and goes.
        return new TaskCheck(missing, left.Where(task => task.Type != TaskTypes.GroupSettle).Select(task => task.Id).ToList());
    }

    private static bool IsOf(string taskId, long sequence)
    {
        var parts = taskId.Split(':');
        return parts.Length == 3 && long.TryParse(parts[1], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var found) && found == sequence;
    }
}
