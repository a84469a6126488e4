namespace GroupBuyActors.Client;

/// <summary>
/// A view that you build from events: your own store, which also stores the last sequence of each group. If both are
/// written in one transaction, every event takes effect exactly once, also after crashes. Otherwise write the effect
/// first, and every event takes effect at least once.
/// </summary>
public interface IGroupProjection
{
    /// <summary>
    /// Returns the last stored sequence of each of these groups, without groups of which nothing is stored. Called for
    /// groups whose sequence is not in memory.
    /// </summary>
    ValueTask<IReadOnlyDictionary<GroupId, long>> LastSequencesAsync(
        IReadOnlyCollection<GroupId> groups,
        CancellationToken cancellation
    );

    /// <summary>
    /// Stores the effects of the events together with <see cref="GroupEventBatch.Checkpoints"/>. If the stored sequence
    /// of a checkpoint's group is not <see cref="GroupEventCheckpoint.From"/>, store nothing and throw
    /// <see cref="CheckpointMovedException"/>, because another consumer has stored events meanwhile. After any
    /// exception the batch is retried.
    /// </summary>
    ValueTask StoreAsync(GroupEventBatch batch, CancellationToken cancellation);
}

/// <summary> Events to store together: those of each group are in order of their sequences, without a gap, and not
/// stored before. </summary> <param name="Events">The events, in the order of the partition.</param>
/// <param name="Checkpoints">One for each group among the events.</param>
public sealed record GroupEventBatch(
    IReadOnlyList<GroupEventEnvelope> Events,
    IReadOnlyList<GroupEventCheckpoint> Checkpoints
);

/// <summary>How a batch changes the last sequence of a group.</summary>
/// <param name="Group">The group.</param> <param name="From">The sequence that must be stored now; 0 if none
/// is.</param> <param name="To">The sequence to store with the events.</param>
public readonly record struct GroupEventCheckpoint(GroupId Group, long From, long To);

/// <summary>
/// The stored sequence of a group is not the one before the batch: a consumer that lost the partition stored events
/// late, or its new owner early. The batch must have had no effect; the consumer reads the sequences again, drops
/// stored events and passes the others.
/// </summary>
public sealed class CheckpointMovedException(GroupId group, long expected)
    : Exception(
        $"The stored sequence of group {group} is no longer {expected}: another process stored events meanwhile."
    )
{
    /// <summary>The group.</summary>
    public GroupId Group { get; } = group;

    /// <summary>The sequence that was expected to be stored.</summary>
    public long Expected { get; } = expected;
}
