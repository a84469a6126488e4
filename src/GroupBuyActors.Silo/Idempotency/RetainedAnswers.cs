using GroupBuyActors.Retention;
using GroupBuyActors.Store;
using GroupBuyActors.Store.Retention;

namespace GroupBuyActors.Silo.Idempotency;

/// <summary>
/// Removes remembered answers to calls with idempotency keys that are not group commands, after their time is over.
/// </summary>
internal sealed class RetainedAnswers(GrainStorageMaintenance storage, TimeProvider time) : IRetainedKind
{
    /// <summary>Much longer than the promised day, so that no activation still has one in memory.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromHours(36);

    public string Kind => "answers";

    public async Task<PurgeStep> StepAsync(int rowsMax, CancellationToken cancellation)
    {
        var removed = await storage.PurgeAsync(
            IdempotencyGrain.StateName,
            time.GetUtcNow() - Kept,
            rowsMax,
            cancellation
        );
        return new PurgeStep(removed, removed < rowsMax);
    }
}
