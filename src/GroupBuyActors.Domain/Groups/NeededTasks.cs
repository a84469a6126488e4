using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>A task that must be pending according to a group's state.</summary>
/// <param name="Type">See <see cref="TaskType.Name"/>.</param>
/// <param name="Sequence">The sequence of the event that scheduled it; 0 if the state does not know it.</param>
/// <param name="NotAfter">When it must have run; null if the state does not determine it: a refund may be a dead
/// letter.</param>
internal readonly record struct NeededTask(string Type, long Sequence, DateTimeOffset? NotAfter = null)
{
    /// <summary>The number of the order that it closes; 0 for other tasks.</summary>
    public int Order { get; init; }
}

/// <summary>A task that exists.</summary>
/// <param name="Type">See <see cref="TaskType.Name"/>.</param>
/// <param name="Id">See <see cref="TaskIds"/>.</param>
/// <param name="NextAt">Its next try; null for a dead letter, which waits for an operator.</param>
/// <param name="Attempts">Its tries so far.</param>
internal readonly record struct PresentTask(string Type, string Id, DateTimeOffset? NextAt, int Attempts)
{
    /// <summary>Creates one from a pending task.</summary>
    public static PresentTask Of(TimedTask task) => new(task.Type, task.Key.Id, task.NextAt, task.Attempts);
}

/// <summary>A needed task that exists, but is due too late.</summary>
/// <param name="Type">See <see cref="TaskType.Name"/>.</param>
/// <param name="Id">See <see cref="TaskIds"/>.</param>
/// <param name="NextAt">Its next try.</param>
/// <param name="NotAfter">When it must have run.</param>
internal readonly record struct LateTask(string Type, string Id, DateTimeOffset NextAt, DateTimeOffset NotAfter);

/// <summary>How a group's pending tasks compare with what its state needs.</summary>
/// <param name="Missing">Needed but missing: they were lost.</param>
/// <param name="Unneeded">Existing but not needed, of the types that the state knows completely: they fire without
/// effect and are removed.</param>
/// <param name="Late">Needed and existing, but due later than the state needs them: they were delayed.</param>
internal sealed record TaskCheck(
    IReadOnlyList<NeededTask> Missing,
    IReadOnlyList<string> Unneeded,
    IReadOnlyList<LateTask> Late
)
{
    /// <summary>
    /// True if every task that was ever scheduled is either needed and pending in time, or has ended.
    /// </summary>
    public bool Holds => Missing.Count == 0 && Unneeded.Count == 0 && Late.Count == 0;
}

/// <summary>
/// Derives the tasks that must be pending from the state alone: everything that a group waits for has a task that fires
/// in time. A task that was scheduled and is no longer needed has ended, so created = ended + pending holds if no task
/// is missing and none is unneeded.
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
        // The state does not store when these were planned, but it was not after its last event.
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

    /// <summary>True if the state needs any task, whenever it is due.</summary>
    public static bool AreAny(GroupState state) => Of(state, AnyTimes).Any();

    /// <summary>True if a task that the state needs should have run before a time.</summary>
    public static bool IsBehind(GroupState state, GroupSettings settings, DateTimeOffset time) =>
        Of(state, settings).Any(needed => needed.NotAfter < time);

    /// <summary>Compares the existing tasks with the needed ones; both must be of the same head.</summary>
    /// <param name="state">The group.</param>
    /// <param name="there">Its pending tasks and its dead letters, which wait for an operator.</param>
    /// <param name="settings">The settings of all groups.</param>
    /// <param name="now">The time of the comparison. A task that has failed may wait from here for its type's longest
    /// wait.</param>
    /// <param name="longestWait">The longest wait of a type between two tries.</param>
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

        // A settle task whose fan-out was replaced by another is due at once, finds nothing to do, and is removed.
        return new TaskCheck(
            missing,
            left.Rest.Where(task => task.Type != GroupSettle.TypeName).Select(task => task.Id).ToList(),
            late
        );
    }

    /// <summary>
    /// The repairs that make the tasks match the state: missing tasks, and tasks that are due later than the state
    /// needs them, with their rows. What is overdue becomes due now.
    /// </summary>
    /// <param name="state">The group.</param>
    /// <param name="there">Its pending tasks.</param>
    /// <param name="settings">The settings of all groups.</param>
    /// <param name="now">The group's time.</param>
    /// <param name="spare">A task that has failed and waits no longer than this for its next try is not moved; null
    /// moves every late task.</param>
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
    /// The versions of the lost row are unknown, and a run under one of them would be refused. Seconds since 2020 are
    /// larger than any version a row had.
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

    /// <summary>Tasks by type and by the event that scheduled them; each is taken once.</summary>
    private sealed class TasksThere<T>
    {
        private readonly Dictionary<(string Type, long Sequence), Queue<T>> _tasks = [];

        public TasksThere(IEnumerable<T> there, Func<T, (string Type, string Id)> named)
        {
            foreach (var task in there)
            {
                var (type, id) = named(task);
                // The state does not know which of several refunds belongs to which event.
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

/// <summary>The repair of one task.</summary>
/// <param name="Row">Its present row; null if there is none.</param>
/// <param name="Task">The task after the repair.</param>
internal sealed record TaskRepair(TimedTask? Row, TimedTask Task);
