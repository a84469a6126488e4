namespace GroupBuyActors.Client;

/// <summary>
/// What you build from events: a store of your own that keeps, beside whatever it makes of them, the last sequence of
/// each group. Where both are written in one transaction, every event has its effect exactly once, whatever crashes;
/// where they are not, write the effect first, and it has its effect at least once.
/// </summary>
public interface IGroupProjection
{
    /// <summary>
    /// The last sequence stored of each of these groups; leave out those you have nothing of. Asked for groups that are
    /// not in memory.
    /// </summary>
    ValueTask<IReadOnlyDictionary<GroupId, long>> LastSequencesAsync(
        IReadOnlyCollection<GroupId> groups,
        CancellationToken cancellation
    );

    /// <summary>
    /// Stores what the events mean, and <see cref="GroupEventBatch.Checkpoints"/> with it. Each checkpoint is a
    /// comparison: where the stored sequence of its group is not <see cref="GroupEventCheckpoint.From"/>, store nothing
    /// and throw <see cref="CheckpointMovedException"/>, for another consumer was there meanwhile. Any exception has
    /// the batch handled again.
    /// </summary>
    ValueTask StoreAsync(GroupEventBatch batch, CancellationToken cancellation);
}

/// <summary>
/// Events to store together: of each group in the order of its sequence and without a gap, none of them stored before.
/// </summary>
/// <param name="Events">In the order of the topic's partition.</param>
/// <param name="Checkpoints">One for each group among the events.</param>
public sealed record GroupEventBatch(
    IReadOnlyList<GroupEventEnvelope> Events,
    IReadOnlyList<GroupEventCheckpoint> Checkpoints
);

/// <summary>How a batch moves the last sequence of a group.</summary>
/// <param name="Group">The group.</param>
/// <param name="From">What must be stored now; 0 where nothing is.</param>
/// <param name="To">What is to be stored with the events.</param>
public readonly record struct GroupEventCheckpoint(GroupId Group, long From, long To);

/// <summary>
/// The stored sequence of a group is not what the batch follows on: a consumer that lost the partition stored it late,
/// or a new owner early. The batch must have had no effect; the consumer reads the sequences anew, drops what is stored
/// and gives the rest.
/// </summary>
public sealed class CheckpointMovedException(GroupId group, long expected)
    : Exception(
        $"The stored sequence of group {group} is no longer {expected}: another process stored events meanwhile."
    )
{
    /// <summary>The group.</summary>
    public GroupId Group { get; } = group;

    /// <summary>What was expected to be stored.</summary>
    public long Expected { get; } = expected;
}
