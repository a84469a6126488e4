namespace GroupBuyActors.Silo.Health;

/// <summary>Whether this process should get requests.</summary>
internal interface IReadiness
{
    /// <summary>Of several databases, the merchant slots whose database accepted no write at the last probe.</summary>
    IReadOnlyList<string> ReadOnlySlots { get; }

    /// <summary>Null if ready; otherwise the reason as a sentence.</summary>
    Task<string?> WhyNotAsync(CancellationToken cancellation);
}
