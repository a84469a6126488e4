namespace GroupBuyActors.Tasks;

/// <summary>The order of due tasks that wait for a slot.</summary>
internal static class TaskPriority
{
    /// <summary>See <see cref="TaskBounds.WeightMax"/>.</summary>
    public const int WeightMax = TaskBounds.WeightMax;

    /// <summary>
    /// <c>due − (type's weight + task's weight) × bias</c>; the earliest goes first. A weight is a bounded head start
    /// in time, not a rank: a task that becomes due after the head start cannot overtake, so every waiting task becomes
    /// the first, and none starves. Weights and times beyond their bounds are clamped, so that every stored task has a
    /// priority.
    /// </summary>
    public static DateTimeOffset Of(DateTimeOffset due, int typeWeight, int taskWeight, TimeSpan bias) =>
        TaskBounds.Shift(due, -(Bounded(typeWeight) + Bounded(taskWeight)) * bias);

    private static int Bounded(int weight) => Math.Clamp(weight, -WeightMax, WeightMax);
}

/// <summary>Spreads tasks that are due at the same time.</summary>
internal static class TaskSpread
{
    /// <summary>
    /// How much later a task fires: from zero up to <paramref name="window"/>, in whole milliseconds, never earlier.
    /// The delay is a hash of its id, which is the same on all machines, so that a task keeps its time wherever it is
    /// loaded.
    /// </summary>
    public static TimeSpan Of(string taskId, TimeSpan window) =>
        window <= TimeSpan.Zero
            ? TimeSpan.Zero
            : TimeSpan.FromMilliseconds(
                (long)(StableHash.Of(taskId) % (ulong)Math.Max(1, (long)window.TotalMilliseconds))
            );
}
