namespace GroupBuyActors.Tasks;

/// <summary>The order among due tasks that wait for a slot.</summary>
internal static class TaskPriority
{
    /// <summary>Weights are −1,000 to 1,000.</summary>
    public const int WeightMax = TaskBounds.WeightMax;

    /// <summary>
    /// <c>due − (type's weight + task's weight) × bias</c>; the least goes first. A weight is worth a bounded head
    /// start in time, never a rank: whatever is due later than the head start cannot overtake, so every task becomes
    /// first by waiting, and none starves. Whatever is stored, there is a priority: weights beyond their bounds count
    /// as at them, and times end at the first and the last.
    /// </summary>
    public static DateTimeOffset Of(DateTimeOffset due, int typeWeight, int taskWeight, TimeSpan bias) =>
        TaskBounds.Shift(due, -(Bounded(typeWeight) + Bounded(taskWeight)) * bias);

    private static int Bounded(int weight) => Math.Clamp(weight, -WeightMax, WeightMax);
}

/// <summary>Spreads the due times of a herd.</summary>
internal static class TaskSpread
{
    /// <summary>
    /// How much later a task fires: from zero up to <paramref name="window"/>, in whole milliseconds, never earlier; by
    /// a hash of its id that is the same on all machines, so that a task keeps its moment wherever it is loaded.
    /// </summary>
    public static TimeSpan Of(string taskId, TimeSpan window) =>
        window <= TimeSpan.Zero
            ? TimeSpan.Zero
            : TimeSpan.FromMilliseconds(
                (long)(StableHash.Of(taskId) % (ulong)Math.Max(1, (long)window.TotalMilliseconds))
            );
}
