using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Redrives;

/// <summary>
/// Redrives all dead letters that match a filter, at a rate. The key is the id of the redrive: starting one that was
/// started before changes nothing and returns its report.
/// </summary>
[Alias("groupbuy.IRedriveGrain")]
internal interface IRedriveGrain : IGrainWithStringKey
{
    /// <summary>Starts the redrive, or returns the report of the one that has this key.</summary>
    [Alias("Start")]
    Task<RedriveReport> Start(RedriveOrder order);

    /// <summary>Returns its progress; null if no redrive has this key.</summary>
    [Alias("Look")]
    Task<RedriveReport?> GetReport();

    /// <summary>
    /// Stops it; null if no redrive has this key. A page that is running ends soon, and its counts are added then.
    /// </summary>
    [Alias("Stop")]
    Task<RedriveReport?> Stop();
}

/// <summary>
/// The calls of the engine to a redrive, on the same grain as <see cref="IRedriveGrain"/>.
/// </summary>
[Alias("groupbuy.IRedriveTasks")]
internal interface IRedriveTasks : IGrainWithStringKey
{
    /// <summary>
    /// Returns what the page of this number is to redrive; null if it is not the next page to be recorded.
    /// </summary>
    [Alias("GetPage")]
    Task<RedrivePage?> GetPage(int number);

    /// <summary>Records a page; that commit completes its task.</summary>
    [Alias("RecordPage")]
    Task RecordPage(RecordedPage page);

    /// <summary>
    /// Removes the redrive, a part at a time, if it ended before an instant. True once it is removed, false if there
    /// is more to remove, null if it stays.
    /// </summary>
    [Alias("Remove")]
    Task<bool?> Remove(DateTimeOffset before);
}

/// <summary>The dead letters to redrive: those that match all conditions; null is no condition.</summary>
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

    /// <summary>With an error that contains this text.</summary>
    [Id(6)]
    public string? Error { get; init; }

    /// <summary>Dead letters a second, 1 to 1,000.</summary>
    [Id(7)]
    public int RatePerSecond { get; init; } = 50;

    /// <summary>The same as a filter of task outcomes.</summary>
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

/// <summary>The progress of a redrive.</summary>
/// <param name="Status"><c>running</c>, <c>completed</c> or <c>stopped</c>.</param>
/// <param name="Total">Dead letters that matched the filter at the start, counted up to 100,000.</param>
/// <param name="Done">Scheduled anew.</param>
/// <param name="Refused">Not scheduled: another call had changed them before, or all tries failed.</param>
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

/// <summary>A page that is to be redriven.</summary>
/// <param name="Order">Which letters.</param>
/// <param name="Token">Where the page begins; null for the first.</param>
/// <param name="Since">No letter of the page was redriven before this instant.</param>
/// <param name="IsStopped">True where no further letters are to be redriven.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.RedrivePage")]
internal sealed record RedrivePage(
    [property: Id(0)] RedriveOrder Order,
    [property: Id(1)] string? Token,
    [property: Id(2)] DateTimeOffset Since,
    [property: Id(3)] bool IsStopped
);

/// <summary>What became of a page, and the task that brings it.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.RecordedPage")]
internal sealed record RecordedPage
{
    [Id(0)]
    public required DateTimeOffset Due { get; init; }

    [Id(1)]
    public required string TaskId { get; init; }

    [Id(2)]
    public required int Version { get; init; }

    [Id(3)]
    public string? Trace { get; init; }

    [Id(4)]
    public required int Number { get; init; }

    [Id(5)]
    public required int Done { get; init; }

    [Id(6)]
    public required int Refused { get; init; }

    /// <summary>Where the next page begins; null after the last.</summary>
    [Id(7)]
    public required string? Next { get; init; }

    /// <summary>When it was begun: the next page is due a second later.</summary>
    [Id(8)]
    public required DateTimeOffset BeganAt { get; init; }
}
