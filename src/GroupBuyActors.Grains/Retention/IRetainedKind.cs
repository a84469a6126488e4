using GroupBuyActors.Store.Retention;

namespace GroupBuyActors.Retention;

/// <summary>A kind of rows that are removed after a time.</summary>
internal interface IRetainedKind
{
    /// <summary>Its name in metrics and logs.</summary>
    string Kind { get; }

    /// <summary>The wait before the next pass, once nothing is left to remove.</summary>
    TimeSpan Interval => TimeSpan.FromMinutes(10);

    /// <summary>Removes expired rows, at most <paramref name="rowsMax"/>.</summary>
    Task<PurgeStep> StepAsync(int rowsMax, CancellationToken cancellation);
}
