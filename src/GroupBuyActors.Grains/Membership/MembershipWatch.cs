using GroupBuyActors.Background;
using GroupBuyActors.Membership.Liveness;

namespace GroupBuyActors.Membership;

/// <summary>
/// Requests a pass of the reconciler and of the detector of deaths at every change of the cluster's members.
/// </summary>
internal sealed class MembershipWatch(
    IClusterMembershipService membership,
    ClusterReconciler reconciler,
    DeathDetector detector
) : StreamingService
{
    private IAsyncEnumerator<ClusterMembershipSnapshot>? _updates;

    public override string Name => "membership-watch";

    public override async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        _updates ??= membership.MembershipUpdates.GetAsyncEnumerator(cancellation);
        try
        {
            if (!await _updates.MoveNextAsync())
                throw new InvalidOperationException("The updates of the membership have ended.");
        }
        catch
        {
            // An enumeration that failed or ended returns nothing more; the next run subscribes again.
            await Interlocked.Exchange(ref _updates, null)!.DisposeAsync();
            throw;
        }

        reconciler.RunSoon();
        detector.RunSoon();
        return 1;
    }
}
