using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>A task that a group's state says must be pending.</summary>
/// <param name="Type">See <see cref="TaskType.Name"/>.</param>
/// <param name="Sequence">Of the event that scheduled it; 0 where the state does not know it.</param>
/// <param name="NotAfter">It is to run by then; null where the state does not say: a refund may be a dead
/// letter.</param>
internal readonly record struct NeededTask(string Type, long Sequence, DateTimeOffset? NotAfter = null)
{
    /// <summary>The number of the order that it closes; 0 for other tasks.</summary>
    public int Order { get; init; }
}

/// <summary>A task that is there.</summary>
/// <param name="Type">See <see cref="TaskType.Name"/>.</param>
/// <param name="Id">See <see cref="TaskIds"/>.</param>
/// <param name="NextAt">Its next try; null for a dead letter, which waits for an operator.</param>
/// <param name="Attempts">Its tries so far.</param>
internal readonly record struct PresentTask(string Type, string Id, DateTimeOffset? NextAt, int Attempts)
{
    /// <summary>A pending task.</summary>
    public static PresentTask Of(TimedTask task) => new(task.Type, task.Key.Id, task.NextAt, task.Attempts);
}

/// <summary>A needed task that is there, at a time when it comes too late.</summary>
/// <param name="Type">See <see cref="TaskType.Name"/>.</param>
/// <param name="Id">See <see cref="TaskIds"/>.</param>
/// <param name="NextAt">Its next try.</param>
/// <param name="NotAfter">When the state needs it.</param>
internal readonly record struct LateTask(string Type, string Id, DateTimeOffset NextAt, DateTimeOffset NotAfter);

/// <summary>How a group's pending tasks compare with what its state needs.</summary>
/// <param name="Missing">Needed and not there: something lost them.</param>
/// <param name="Unneeded">There, of a type that the state knows all of, and not needed: they fire without effect and
/// are removed.</param>
/// <param name="Late">Needed and there, but at a later time than the state needs them: something put them off.</param>
internal sealed record TaskCheck(
    IReadOnlyList<NeededTask> Missing,
    IReadOnlyList<string> Unneeded,
    IReadOnlyList<LateTask> Late
)
{
    /// <summary>
    /// True where every task that was ever scheduled is either pending in time and needed, or has ended.
    /// </summary>
    public bool Holds => Missing.Count == 0 && Unneeded.Count == 0 && Late.Count == 0;
}

/// <summary>
/// What must be pending, derived from the state alone: every open end of a group has a task that will come back to it,
/// in time. Whatever was scheduled and is not needed any more has ended, so created = ended + live holds where nothing
/// is missing and nothing is left over.
/// </summary>
internal static class NeededTasks
{
    private static readonly HashSet<string> Known =
    [
        GroupDeadline.TypeName,
        OrderClose.TypeName,
        SuccessSaga.TypeName,
        StockRollback.TypeName,
        Refund.TypeName,
        GroupSettle.TypeName,
    ];

    private static readonly GroupSettings AnyTimes = new();
    private static readonly DateTimeOffset VersionsBegin = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The tasks that a state needs.</summary>
    public static IEnumerable<NeededTask> Of(GroupState state, GroupSettings settings)
    {
        if (state.Phase == GroupPhase.Publishing)
            yield return new NeededTask(
                StockRollback.TypeName,
                state.PublishingSequence,
                state.PublishingAt + settings.PublicationGuard
            );
        if (state.Phase is GroupPhase.OnShelf or GroupPhase.Opening or GroupPhase.Success && state.JoiningEnded is null)
            yield return new NeededTask(GroupDeadline.TypeName, state.ShelvedSequence, state.RequireTerms().Deadline);
        // When an event planned these the state does not remember, but it was no later than its last one.
        if (state.Ledger.InFlight is { } deduction)
            yield return new NeededTask(SuccessSaga.TypeName, deduction.Sequence, state.UpdatedAt);
        foreach (var release in state.Ledger.Releases)
            if (!release.Confirmed)
                yield return new NeededTask(
                    StockRollback.TypeName,
                    release.Sequence,
                    state.UpdatedAt + settings.ReleaseDelay
                );
        if (state.OrderWork is { } orders)
            yield return new NeededTask(GroupSettle.TypeName, orders.Sequence, orders.At);
        if (state.NoticeWork is { } notices)
            yield return new NeededTask(GroupSettle.TypeName, notices.Sequence, notices.At);
        foreach (var order in state.Orders.All)
        {
            if (order.Status == OrderStatus.PendingPayment)
                yield return new NeededTask(OrderClose.TypeName, order.PlacedSequence, order.ClosesAt)
                {
                    Order = order.Number,
                };
            if (order.Payments is null)
                continue;
            foreach (var payment in order.Payments)
                if (payment.State == PaymentState.Refunding)
                    yield return new NeededTask(Refund.TypeName, 0);
        }
    }

    /// <summary>True where the state needs some task, whenever it is due.</summary>
    public static bool AreAny(GroupState state) => Of(state, AnyTimes).Any();

    /// <summary>True where something that the state needs was to run before a time.</summary>
    public static bool IsBehind(GroupState state, GroupSettings settings, DateTimeOffset time) =>
        Of(state, settings).Any(needed => needed.NotAfter < time);

    /// <summary>Compares what is there with what is needed; both of the same head.</summary>
    /// <param name="state">The group.</param>
    /// <param name="there">Its pending tasks, and its dead letters, which wait for an operator.</param>
    /// <param name="settings">That hold for all groups.</param>
    /// <param name="now">A task that has failed may wait this side of its type's longest wait from here.</param>
    /// <param name="longestWait">Of a type.</param>
    public static TaskCheck Check(
        GroupState state,
        IEnumerable<PresentTask> there,
        GroupSettings settings,
        DateTimeOffset now,
        Func<string, TimeSpan> longestWait
    )
    {
        var left = new TasksThere<PresentTask>(
            there.Where(task => Known.Contains(task.Type)),
            task => (task.Type, task.Id)
        );
        var (missing, late) = (new List<NeededTask>(), new List<LateTask>());
        foreach (var needed in Of(state, settings))
        {
            if (!left.TryTake(needed, out var found))
                missing.Add(needed);
            else if (needed.NotAfter is { } time && IsLate(found, time, now, longestWait))
                late.Add(new LateTask(found.Type, found.Id, found.NextAt!.Value, time));
        }

        // One that continued work which another has taken over is due at once, finds nothing to do, and goes.
        return new TaskCheck(
            missing,
            left.Rest.Where(task => task.Type != GroupSettle.TypeName).Select(task => task.Id).ToList(),
            late
        );
    }

    /// <summary>
    /// What makes the tasks right again: those that are missing, and, with the row they have, those that come later
    /// than the state needs them. Whatever is due comes now.
    /// </summary>
    /// <param name="state">The group.</param>
    /// <param name="there">Its pending tasks.</param>
    /// <param name="settings">That hold for all groups.</param>
    /// <param name="now">The group's now.</param>
    /// <param name="spare">A task that has failed and waits no longer than this for its next try is not moved;
    /// null: none is.</param>
    public static IReadOnlyList<TaskRepair> Repairs(
        GroupState state,
        IEnumerable<TimedTask> there,
        GroupSettings settings,
        DateTimeOffset now,
        Func<string, TimeSpan>? spare = null
    )
    {
        var left = new TasksThere<TimedTask>(
            there.Where(task => Known.Contains(task.Type) && task.Fault is null),
            task => (task.Type, task.Key.Id)
        );
        var repairs = new List<TaskRepair>();
        foreach (var needed in Of(state, settings))
        {
            var isThere = left.TryTake(needed, out var row);
            if (needed.NotAfter is not { } time)
                continue;
            if (!isThere)
                repairs.Add(
                    new TaskRepair(
                        null,
                        GroupMachine.TaskOf(state, needed, settings) with
                        {
                            Version = UnusedVersion(now),
                        }
                    )
                );
            else if (IsLate(PresentTask.Of(row!), time, now, spare ?? (static _ => TimeSpan.MinValue)))
                repairs.Add(new TaskRepair(row, row!.MovedTo(time < now ? now : time) with { FirstDue = null }));
        }

        return repairs;
    }

    /// <summary>
    /// Nobody knows which versions the lost row had, and a run under one of them would be refused; none had as many as
    /// there are seconds.
    /// </summary>
    private static int UnusedVersion(DateTimeOffset now) =>
        (int)Math.Clamp((now - VersionsBegin).TotalSeconds, 1, int.MaxValue / 2);

    private static bool IsLate(
        PresentTask task,
        DateTimeOffset notAfter,
        DateTimeOffset now,
        Func<string, TimeSpan> longestWait
    ) =>
        task.NextAt is { } next
        && next > notAfter
        && next > now
        && !(task.Attempts > 0 && next - now <= longestWait(task.Type));

    /// <summary>Tasks by type and by the event that scheduled them, each to be taken once.</summary>
    private sealed class TasksThere<T>
    {
        private readonly Dictionary<(string Type, long Sequence), Queue<T>> _tasks = [];

        public TasksThere(IEnumerable<T> there, Func<T, (string Type, string Id)> named)
        {
            foreach (var task in there)
            {
                var (type, id) = named(task);
                // Which of several refunds is which the state does not know.
                var key = (type, type == Refund.TypeName ? 0 : SequenceOf(id));
                if (!_tasks.TryGetValue(key, out var same))
                    _tasks[key] = same = new Queue<T>();
                same.Enqueue(task);
            }
        }

        public IEnumerable<T> Rest => _tasks.Values.SelectMany(same => same);

        public bool TryTake(NeededTask needed, out T? task)
        {
            task = default;
            return _tasks.TryGetValue((needed.Type, needed.Sequence), out var same) && same.TryDequeue(out task);
        }

        private static long SequenceOf(string taskId) =>
            TaskIds.TryGetCause(taskId, out var cause) ? cause.Sequence : -1;
    }
}

/// <summary>One task that is to be made right.</summary>
/// <param name="Row">Its row as it is, or null where there is none.</param>
/// <param name="Task">As it is to be.</param>
internal sealed record TaskRepair(TimedTask? Row, TimedTask Task);
