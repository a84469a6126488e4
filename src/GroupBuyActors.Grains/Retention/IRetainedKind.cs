using GroupBuyActors.Store.Retention;

namespace GroupBuyActors.Retention;

/// <summary>A kind of rows that leave once their time is over.</summary>
internal interface IRetainedKind
{
    /// <summary>Names it in metrics and logs.</summary>
    string Kind { get; }

    /// <summary>How long after all that was over has gone it is looked again.</summary>
    TimeSpan Interval => TimeSpan.FromMinutes(10);

    /// <summary>Removes at most so many rows whose time is over.</summary>
    Task<PurgeStep> StepAsync(int rowsMax, CancellationToken cancellation);
}
