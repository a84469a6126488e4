using GroupBuyActors.Store;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Membership;

/// <summary>What must be right before a silo serves: the schema, and its clock.</summary>
internal sealed class SiloPreparation(IStoreHealth store, ClockSynchronizer clock, ILogger<SiloPreparation> log)
{
    public Task MigrateAsync(CancellationToken cancellation) => store.MigrateAsync(cancellation);

    /// <summary>Measures the clock; where that fails, the silo starts with its machine's.</summary>
    public async Task MeasureClockAsync(CancellationToken cancellation)
    {
        try
        {
            await clock.RunOnceAsync(cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            MembershipLog.ClockNotMeasured(log, e);
        }
    }
}
