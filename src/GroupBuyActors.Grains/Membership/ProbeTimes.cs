using Orleans.Configuration;

namespace GroupBuyActors.Membership;

/// <summary>
/// After which time Orleans' probes evict a silo that is frozen or cut off, where no closed connection proves a crash.
/// Two demands are opposed: its groups are to live elsewhere within 8 s, and a silo that only lacks processor time must
/// never be evicted.
/// <para>
/// On a busy machine a late answer proves nothing, so what counts is silence. Orleans suppresses every vote against a
/// silo from which any message arrived, on any connection, within <c>MaxProbeTimeout × NumMissedProbesLimit</c>: here a
/// silo is evicted only if it was silent for 5 s. Answers that come too late to count as an answer still break the
/// silence, so a silo is safe as long as any of its threads runs once in 5 s. Where the probing silo itself lacks
/// processor time for a quarter of a probe, Orleans does not count that probe. So evictions take longer on a machine
/// whose cores are all busy, rather than being wrong. The last probe is sent through another silo, whose answer is the
/// second vote: a silo that is cut off alone evicts nobody.
/// </para>
/// <para>
/// <see cref="Fastest"/> and <see cref="Slowest"/> bound an eviction. They are near to each other because there are
/// four probes (with Orleans' three, the one is half of the other) and because the time allowed for a probe is nearly
/// fixed: Orleans adapts it to each silo's answers between the minimum and the maximum. The fastest eviction must be
/// slower than <see cref="Hosting.GrainsOptions.FenceBound"/>: a silo that thaws after its groups have moved must find
/// the last confirmation of its fence too old to answer from memory. The slowest leaves more than a second of the 8 for
/// writing the eviction, the fence and the new activations.
/// </para>
/// </summary>
internal static class ProbeTimes
{
    /// <summary>Sets the times of probes and of the signs of life in the membership table.</summary>
    public static void Set(ClusterMembershipOptions options)
    {
        options.NumMissedProbesLimit = 4;
        options.MinProbeTimeout = TimeSpan.FromMilliseconds(1_050);
        options.MaxProbeTimeout = options.ProbeTimeout = TimeSpan.FromMilliseconds(1_250);
        // All but large clusters probe everyone: with 2 or 3 silos, each probes all others.
        options.NumProbedSilos = 10;
        // Two votes where there are three silos or more; with two, Orleans lets either evict the other.
        options.NumVotesForDeathDeclaration = 2;
        // Two silos that had trouble with a third one minutes apart have not seen the same silence.
        options.DeathVoteExpirationTimeout = TimeSpan.FromSeconds(30);
        // A silo without a sign of life for 10 s does not count when votes are counted, and only that: if two of three
        // are frozen, the third one evicts them alone after that time instead of 90 s. It costs each silo one
        // statement in two seconds. Orleans compares wall clocks of two machines here; one that is wrong by more than
        // 10 s needs one vote where two are wanted, which is no reason to wait longer.
        options.IAmAliveTablePublishTimeout = SignOfLifeInterval;
        options.NumMissedTableIAmAliveLimit = 5;
        // Changes are also sent between silos; this is for the silo that missed one, and costs each silo one statement
        // in ten seconds. A silo that was evicted does not wait for it: its fence is confirmed every second.
        options.TableRefreshTimeout = TimeSpan.FromSeconds(10);
    }

    /// <summary>How often a silo writes its sign of life into the membership table.</summary>
    public static TimeSpan SignOfLifeInterval { get; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Frees a dead silo's groups at once. The directory would hold them for
    /// <c>RangeLeaseDuration − MaxProbeTimeout × NumMissedProbesLimit</c> after every crash, in case the silo still
    /// runs: with Orleans' default of 30 s and these probes, 25 s in which nobody can join. A silo that still runs is
    /// harmless here, because its streams are fenced in the database before anything is taken over, and two activations
    /// of a group cannot both commit.
    /// </summary>
    public static void Set(GrainDirectoryOptions options) => options.RangeLeaseDuration = TimeSpan.Zero;

    /// <summary>
    /// The shortest time from the first probe that fails until an eviction without a crash: that of a silo whose
    /// connections are refused, which lets every probe fail at once and suppresses no vote. The next probe begins after
    /// the shortest period all the same.
    /// </summary>
    public static TimeSpan Fastest(ClusterMembershipOptions options) =>
        options.MinProbeTimeout * (options.NumMissedProbesLimit - 1);

    /// <summary>
    /// The longest time from a silo's last message until its eviction, while the others have processor time: the
    /// silence that suppresses votes, and one probe.
    /// </summary>
    public static TimeSpan Slowest(ClusterMembershipOptions options) =>
        options.MaxProbeTimeout * (options.NumMissedProbesLimit + 1);
}
