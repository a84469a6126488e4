using System.Globalization;
using GroupBuyActors.Background;
using GroupBuyActors.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Placement;

namespace GroupBuyActors.Membership;

/// <summary>A grain without state, which is activated on the calling silo and deactivated after its answer.</summary>
[Alias("groupbuy.ICanaryGrain")]
internal interface ICanaryGrain : IGrainWithStringKey
{
    /// <summary>Answers once it is active.</summary>
    [Alias("Answer")]
    Task Answer();
}

/// <inheritdoc cref="ICanaryGrain"/>
[PreferLocalPlacement, GrainType("canary")]
internal sealed class CanaryGrain : Grain, ICanaryGrain
{
    public Task Answer()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}

/// <summary>
/// Checks that grains can be activated here: every few seconds one that was never active before is called. Groups in
/// memory can still answer when no other can be activated, so they are no evidence for readiness.
/// </summary>
internal sealed class ActivationCanary(
    IGrainFactory grains,
    ILocalSiloDetails self,
    TimeProvider time,
    IOptions<GrainsOptions> options,
    ILogger<ActivationCanary> log
) : PeriodicService<TimeSpan>
{
    private long _number;
    private long _answeredAt;

    /// <summary>Null while grains can be activated, otherwise one sentence.</summary>
    public string? FailingBecause =>
        Silent() <= options.Value.CanaryPatience ? null : "The silo cannot activate groups.";

    public override string Name => "activation-canary";

    /// <summary>Calls a new grain; returns for how long none has answered.</summary>
    public override async Task<TimeSpan> RunOnceAsync(CancellationToken cancellation)
    {
        // The time without an answer is measured from the first call.
        Interlocked.CompareExchange(ref _answeredAt, time.GetTimestamp(), 0);
        var name = string.Create(CultureInfo.InvariantCulture, $"{self.SiloAddress.ToParsableString()}/{++_number}");
        var called = time.GetTimestamp();
        try
        {
            await grains
                .GetGrain<ICanaryGrain>(name)
                .Answer()
                .WaitAsync(options.Value.CanaryPatience, time, cancellation);
            Volatile.Write(ref _answeredAt, called);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            MembershipLog.NotActivating(log, e, Silent().TotalSeconds);
        }

        return Silent();
    }

    protected override TimeSpan PauseAfter(TimeSpan result) => options.Value.CanaryInterval;

    private TimeSpan Silent() =>
        Volatile.Read(ref _answeredAt) is var answered and not 0 ? time.GetElapsedTime(answered) : TimeSpan.Zero;
}
