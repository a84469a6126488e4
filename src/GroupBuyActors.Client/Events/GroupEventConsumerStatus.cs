namespace GroupBuyActors.Client;

/// <summary>The status of a consumer, for a health probe.</summary>
/// <param name="Partitions">Partitions this process reads.</param> <param name="PartitionsPaused">Those of them that
/// are paused until the view catches up.</param>
/// <param name="Lag">Messages on these partitions that are not stored yet.</param> <param name="StoredAt">When messages
/// were last stored, or found to be stored; null before.</param> <param name="Failure">The exception of a batch that is
/// being retried; null if there is none.</param>
public sealed record GroupEventConsumerStatus(
    int Partitions,
    int PartitionsPaused,
    long Lag,
    DateTimeOffset? StoredAt,
    Exception? Failure
);
