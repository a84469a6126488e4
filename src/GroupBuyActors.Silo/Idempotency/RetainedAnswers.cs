using GroupBuyActors.Retention;
using GroupBuyActors.Store;
using GroupBuyActors.Store.Retention;

namespace GroupBuyActors.Silo.Idempotency;

/// <summary>
/// Answers to calls that are about no group, remembered under their idempotency keys, go once nobody may ask for them
/// any more.
/// </summary>
internal sealed class RetainedAnswers(GrainStorageMaintenance storage, TimeProvider time) : IRetainedKind
{
    /// <summary>Well past the day that is promised, so that no activation that remembers one is still there.</summary>
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
