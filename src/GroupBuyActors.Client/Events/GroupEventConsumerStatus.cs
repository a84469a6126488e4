namespace GroupBuyActors.Client;

/// <summary>How a consumer stands, for a health probe.</summary>
/// <param name="Partitions">Partitions this process reads.</param>
/// <param name="PartitionsPaused">Of these, how many wait for the view to catch up.</param>
/// <param name="Lag">Messages on these partitions that are not stored yet.</param>
/// <param name="StoredAt">When something was last stored, or found to be; null before.</param>
/// <param name="Failure">What the view met where a batch is being tried again now; null where all is well.</param>
public sealed record GroupEventConsumerStatus(
    int Partitions,
    int PartitionsPaused,
    long Lag,
    DateTimeOffset? StoredAt,
    Exception? Failure
);
