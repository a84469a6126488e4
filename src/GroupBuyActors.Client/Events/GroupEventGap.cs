namespace GroupBuyActors.Client;

/// <summary>
/// Events of a group that are missing on the topic: they were too large to be published, or were deleted before they
/// were read.
/// </summary>
/// <param name="Group">The group.</param> <param name="After">The last stored sequence; 0 if nothing is stored.</param>
/// <param name="Before">The sequence that was read instead of the next one.</param>
public readonly record struct GroupEventGap(GroupId Group, long After, long Before);

/// <summary>What to do about a gap.</summary>
public sealed class GapAnswer
{
    private GapAnswer(IReadOnlyList<GroupEventEnvelope>? events) => Events = events;

    /// <summary>Continue permanently without the missing events.</summary>
    public static GapAnswer Skip { get; } = new([]);

    /// <summary>
    /// Stop: <see cref="GroupEventConsumer.RunAsync"/> ends with <see cref="GroupEventGapException"/>, and nothing
    /// after the gap is stored.
    /// </summary>
    public static GapAnswer Stop { get; } = new(null);

    /// <summary>Continue with the missing events, which must be complete and in order.</summary>
    public static GapAnswer Fill(IReadOnlyList<GroupEventEnvelope> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        return new GapAnswer(events);
    }

    internal IReadOnlyList<GroupEventEnvelope>? Events { get; }
}

/// <summary>Answers for <see cref="GroupEventConsumerOptions.OnGap"/>.</summary>
public static class GapAnswers
{
    /// <summary>
    /// Reads the missing events from the group's history over HTTP. For <see cref="GroupEventConsumerOptions.OnGap"/>.
    /// </summary>
    public static Func<GroupEventGap, CancellationToken, ValueTask<GapAnswer>> FromHistory(GroupBuyClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        return async (gap, cancellation) =>
        {
            var missing = new List<GroupEventEnvelope>();
            await foreach (var item in client.HistoryAsync(gap.Group, gap.After, cancellation))
            {
                if (item.Sequence >= gap.Before)
                    break;
                missing.Add(GroupEventEnvelope.Of(gap.Group, item));
            }

            return GapAnswer.Fill(missing);
        };
    }
}

/// <summary>
/// Events of a group are missing, and <see cref="GroupEventConsumerOptions.OnGap"/> answered to stop.
/// </summary>
public sealed class GroupEventGapException(GroupEventGap gap)
    : Exception(
        $"Events of group {gap.Group} are missing: sequence {gap.Before} came after {gap.After}, and the events "
            + "between were not published on this topic."
    )
{
    /// <summary>The missing events.</summary>
    public GroupEventGap Gap { get; } = gap;
}

/// <summary>A message on the topic that is not a valid event.</summary>
/// <param name="Partition">Its partition.</param>
/// <param name="Offset">Its offset.</param>
/// <param name="Key">Its key, or null.</param>
/// <param name="Value">Its value, or null.</param>
/// <param name="Fault">What is wrong with it.</param>
public sealed record MalformedMessage(
    int Partition,
    long Offset,
    ReadOnlyMemory<byte>? Key,
    ReadOnlyMemory<byte>? Value,
    string Fault
);
