using GroupBuyActors.Hosting;
using GroupBuyActors.Store.Placement;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Membership.Liveness;

/// <summary>
/// Opens this silo's liveness port and stores it before the silo joins the cluster, so that whoever finds the silo
/// among the members can ask there whether it lives. The port closes with the process, which is after the silo has told
/// the others that it is gone; only a silo that was killed is a member whose port is closed.
/// </summary>
internal sealed class LivenessPortService(
    ILocalSiloDetails self,
    LivenessPorts ports,
    IOptions<GrainsOptions> options,
    ILogger<LivenessPortService> log
) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    // After the schema is migrated and before the silo joins.
    private const int BeforeJoining = ServiceLifecycleStage.First + 1;

    private readonly string _address = self.SiloAddress.ToParsableString();
    private LivenessListener? _listener;

    public void Participate(ISiloLifecycle lifecycle)
    {
        if (options.Value.Liveness is null)
            return;
        lifecycle.Subscribe("GroupBuyActors.Liveness", BeforeJoining, OpenAsync, EndAsync);
        lifecycle.Subscribe(
            "GroupBuyActors.Liveness.Draining",
            ServiceLifecycleStage.Active,
            static _ => Task.CompletedTask,
            DrainAsync
        );
    }

    public void Dispose() => _listener?.Dispose();

    private Task OpenAsync(CancellationToken cancellation)
    {
        _listener = new LivenessListener(self.SiloAddress, options.Value.Liveness!, log);
        MembershipLog.LivenessPortOpened(log, _listener.Endpoint.Port);
        return ports.AddAsync(_address, _listener.Endpoint.Port, cancellation);
    }

    private Task DrainAsync(CancellationToken cancellation)
    {
        _listener?.Drain();
        return Task.CompletedTask;
    }

    private async Task EndAsync(CancellationToken cancellation)
    {
        try
        {
            await ports.RemoveAsync([_address], cancellation);
        }
        catch (Exception e)
        {
            // Another silo removes the row later.
            MembershipLog.StopStepFailed(log, e, "liveness port");
        }
    }
}
