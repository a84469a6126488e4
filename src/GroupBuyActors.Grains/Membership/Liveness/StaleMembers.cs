using GroupBuyActors.Hosting;
using GroupBuyActors.Store.Placement;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Membership.Liveness;

/// <summary>
/// Declares members dead whose process died while nobody was left to notice it, before this silo joins. Orleans lets no
/// silo join before every active member has answered it, so after a crash of all silos each start would wait for
/// members that cannot answer, until Orleans takes their rows for stale.
/// <list type="bullet">
/// <item>A closed liveness port, or another run of the same silo behind it, is proof, as it is for a silo that
/// runs.</item>
/// <item>Silence is none: the address of a machine that is gone answers nothing, and neither does that of a silo that
/// is frozen or cut off from this one. Where another active member answers, it decides: it probes that silo, too, and
/// evicts it within seconds. Where none answers, a silo is dead whose row in the membership table shows no new sign of
/// life while it is watched. A silo that others cannot reach, but that reaches the database, keeps its
/// membership.</item>
/// <item>A member without a liveness port is left to Orleans' rules: it may run without detection.</item>
/// </list>
/// If this is wrong about a silo, nothing is lost: the silo's streams are fenced before its shards are taken, and it
/// exits.
/// </summary>
internal sealed class StaleMembers(
    IMembershipTable table,
    IClusterMembershipService membership,
    ILocalSiloDetails self,
    LivenessPorts ports,
    PeerLiveness liveness,
    TimeProvider time,
    IOptions<GrainsOptions> options,
    ILogger<StaleMembers> log
) : ILifecycleParticipant<ISiloLifecycle>
{
    // After the membership table is read for the first time, and before this silo enters itself.
    private const int BeforeJoining = ServiceLifecycleStage.AfterRuntimeGrainServices - 50;

    private static readonly TimeSpan PassInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// After this time the start goes on and waits for members by Orleans' rules; passes are made as before.
    /// </summary>
    private static readonly TimeSpan WaitMax = SignsOfLife.Silence * 2;

    private readonly MemberJudge _judge = new(new SignsOfLife(time));
    private readonly HashSet<SiloAddress> _reported = [];
    private readonly CancellationTokenSource _joined = new();
    private readonly TaskCompletionSource _clear = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Participate(ISiloLifecycle lifecycle)
    {
        if (options.Value.Liveness is null)
            return;
        lifecycle.Subscribe("GroupBuyActors.StaleMembers", BeforeJoining, StartAsync, EndAsync);
        // From here on, the silo that is active watches the others.
        lifecycle.Subscribe("GroupBuyActors.StaleMembers.Joined", ServiceLifecycleStage.Active, EndAsync);
    }

    /// <summary>
    /// Makes one pass over the members; true if this silo need not wait for any of them. Throws if the store fails.
    /// </summary>
    public async Task<bool> PassAsync(CancellationToken cancellation)
    {
        var known = await ports.ReadAsync(cancellation);
        var members = (await table.ReadAllAsync(cancellation))
            .Members.Select(member => member.Item1)
            .Where(IsMember)
            .Where(member => known.ContainsKey(member.SiloAddress.ToParsableString()))
            .ToList();
        var answers = await liveness.AskAsync([.. members.Select(member => member.SiloAddress)], cancellation);
        var verdicts = _judge.Judge(members, answers);
        foreach (var verdict in verdicts)
            await FollowAsync(verdict);
        return verdicts.Count == 0;
    }

    private async Task StartAsync(CancellationToken cancellation)
    {
        RunAsync().Ignore();
        await _clear.Task.WaitAsync(WaitMax, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
    }

    private Task EndAsync(CancellationToken cancellation) => _joined.CancelAsync();

    private async Task RunAsync()
    {
        while (!_joined.IsCancellationRequested)
        {
            try
            {
                if (await PassAsync(_joined.Token))
                    _clear.TrySetResult();
            }
            catch (Exception e) when (!_joined.IsCancellationRequested)
            {
                MembershipLog.MembersNotChecked(log, e);
            }

            await Task.Delay(PassInterval, time, _joined.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // An earlier run of this silo is replaced by Orleans itself.
    private bool IsMember(MembershipEntry member) =>
        member.Status is SiloStatus.Joining or SiloStatus.Active or SiloStatus.ShuttingDown or SiloStatus.Stopping
        && !member.SiloAddress.Endpoint.Equals(self.SiloAddress.Endpoint);

    private async Task FollowAsync(MemberVerdict verdict)
    {
        var silo = verdict.Member.SiloAddress;
        if (verdict is MemberVerdict.Gone { Proof: var proof })
        {
            MembershipLog.MemberIsGone(log, silo.ToParsableString(), verdict.Member.SiloName, proof);
            // It is put in a queue, and is lost if another silo changes the membership at the same moment; then the
            // next pass repeats it.
            await membership.TryKill(silo);
        }
        else if (verdict is MemberVerdict.Awaited { Why: var why } && _reported.Add(silo))
            MembershipLog.WaitsForMember(log, silo.ToParsableString(), verdict.Member.SiloName, why);
    }
}
