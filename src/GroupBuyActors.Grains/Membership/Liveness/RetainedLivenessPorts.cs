using GroupBuyActors.Retention;
using GroupBuyActors.Store.Placement;
using GroupBuyActors.Store.Retention;

namespace GroupBuyActors.Membership.Liveness;

/// <summary>The liveness ports of silos that were killed; one that stops removes its own.</summary>
internal sealed class RetainedLivenessPorts(LivenessPorts ports, IClusterMembershipService membership) : IRetainedKind
{
    /// <summary>
    /// A port is stored before its silo joins. Whoever is no member after this time, well above the limit of joining,
    /// will not become one.
    /// </summary>
    private static readonly TimeSpan JoinedWithin = TimeSpan.FromHours(1);

    public string Kind => "liveness-ports";

    public async Task<PurgeStep> StepAsync(int rowsMax, CancellationToken cancellation)
    {
        var old = await ports.OlderThanAsync(JoinedWithin, cancellation);
        await membership.Refresh(default, cancellation);
        var gone = old.Where(silo => !membership.CurrentSnapshot.HasMember(silo)).Take(rowsMax).ToList();
        await ports.RemoveAsync(gone, cancellation);
        return new PurgeStep(gone.Count, gone.Count < rowsMax);
    }
}
