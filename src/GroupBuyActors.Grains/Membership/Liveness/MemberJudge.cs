namespace GroupBuyActors.Membership.Liveness;

/// <summary>What a starting silo concludes about a member that does not simply live.</summary>
internal abstract record MemberVerdict(MembershipEntry Member)
{
    /// <summary>Its process is gone.</summary>
    public sealed record Gone(MembershipEntry Member, string Proof) : MemberVerdict(Member);

    /// <summary>It may live; the start waits until that is known.</summary>
    public sealed record Awaited(MembershipEntry Member, string Why) : MemberVerdict(Member);
}

/// <summary>
/// Judges members by what their liveness ports told and by their rows in the membership table. The rules are those of
/// <see cref="StaleMembers"/>.
/// </summary>
internal sealed class MemberJudge(SignsOfLife signs)
{
    /// <summary>Those members that are gone or awaited; members without an answer were not asked.</summary>
    public IReadOnlyList<MemberVerdict> Judge(
        IEnumerable<MembershipEntry> members,
        IReadOnlyDictionary<SiloAddress, LivenessAnswer> answers
    )
    {
        var asked = members
            .Where(member => answers.ContainsKey(member.SiloAddress))
            .Select(member => (Member: member, Answer: answers[member.SiloAddress]))
            .ToList();
        var someoneServes = asked.Exists(silo => silo.Answer is LivenessAnswer.Alive && IsActive(silo.Member));
        return [.. asked.Select(silo => Judge(silo.Member, silo.Answer, someoneServes)).OfType<MemberVerdict>()];
    }

    // Only active members hold up a start, and only they write signs of life.
    private MemberVerdict? Judge(MembershipEntry member, LivenessAnswer answer, bool someoneServes) =>
        answer switch
        {
            LivenessAnswer.Dead dead => new MemberVerdict.Gone(member, dead.Proof),
            LivenessAnswer.Unknown unknown when IsActive(member) && !someoneServes => JudgeSilent(member, unknown.Why),
            _ => null,
        };

    private MemberVerdict JudgeSilent(MembershipEntry member, string why) =>
        signs.HasStopped(member.SiloAddress, member.IAmAliveTime)
            ? new MemberVerdict.Gone(member, $"{why}, and its row shows no sign of life")
            : new MemberVerdict.Awaited(member, why);

    private static bool IsActive(MembershipEntry member) => member.Status == SiloStatus.Active;
}
