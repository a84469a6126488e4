using GroupBuyActors.Store.Tasks;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Redrives all dead letters that pass a filter, at a rate. Its key names the redrive: starting one that was started
/// gives its report.
/// </summary>
[Alias("groupbuy.IRedriveGrain")]
internal interface IRedriveGrain : IGrainWithStringKey
{
    /// <summary>Starts, or gives the report of what was started under this key.</summary>
    [Alias("Start")]
    Task<RedriveReport> Start(RedriveOrder order);

    /// <summary>How far it is; null where nothing was started under this key.</summary>
    [Alias("Look")]
    Task<RedriveReport?> GetReport();

    /// <summary>Stops it where it is; null where nothing was started under this key.</summary>
    [Alias("Stop")]
    Task<RedriveReport?> Stop();
}

/// <summary>Which dead letters to redrive; null = any. All that is given must hold.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.RedriveOrder")]
internal sealed record RedriveOrder
{
    /// <summary>Of this type.</summary>
    [Id(0)]
    public string? Type { get; init; }

    /// <summary>Of this merchant.</summary>
    [Id(1)]
    public long? MerchantId { get; init; }

    /// <summary>About this group.</summary>
    [Id(2)]
    public GroupId? Group { get; init; }

    /// <summary>Of this shard.</summary>
    [Id(3)]
    public ShardId? Shard { get; init; }

    /// <summary>Ended at or after.</summary>
    [Id(4)]
    public DateTimeOffset? From { get; init; }

    /// <summary>Ended before; a redrive takes none that ended after it began.</summary>
    [Id(5)]
    public DateTimeOffset? To { get; init; }

    /// <summary>Whose error holds this text.</summary>
    [Id(6)]
    public string? Error { get; init; }

    /// <summary>Dead letters a second, 1 to 1,000.</summary>
    [Id(7)]
    public int RatePerSecond { get; init; } = 50;

    /// <summary>The same as a filter of endings.</summary>
    public TaskOutcomeFilter Filter() =>
        new()
        {
            Status = TaskOutcomeStatus.Dead,
            Type = Type,
            Account = MerchantId,
            Actor = Group?.Actor,
            Shard = Shard,
            From = From,
            To = To,
            ErrorContains = Error,
            Redriven = false,
            Dismissed = false,
        };
}

/// <summary>How far a redrive is.</summary>
/// <param name="Status"><c>running</c>, <c>completed</c> or <c>stopped</c>.</param>
/// <param name="Total">Dead letters that passed the filter when it began, counted up to 100,000.</param>
/// <param name="Done">Scheduled anew.</param>
/// <param name="Refused">Looked at and left: somebody else had changed them first.</param>
/// <param name="RatePerSecond">See <see cref="RedriveOrder.RatePerSecond"/>.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="EndedAt">When it ended, or null.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.RedriveReport")]
internal sealed record RedriveReport(
    [property: Id(0)] string Status,
    [property: Id(1)] int Total,
    [property: Id(2)] int Done,
    [property: Id(3)] int Refused,
    [property: Id(4)] int RatePerSecond,
    [property: Id(5)] DateTimeOffset StartedAt,
    [property: Id(6)] DateTimeOffset? EndedAt
);
