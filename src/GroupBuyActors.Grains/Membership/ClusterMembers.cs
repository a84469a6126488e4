using GroupBuyActors.Committing;

namespace GroupBuyActors.Membership;

/// <summary>Silos by the addresses and names under which they are stored.</summary>
internal static class ClusterMembers
{
    /// <summary>This life of this silo.</summary>
    public static SiloIdentity Identity(this ILocalSiloDetails self) =>
        new(self.SiloAddress.ToParsableString(), self.Name);

    /// <summary>
    /// An address that nobody can have is no member's: one such row must not keep all others from being looked after.
    /// </summary>
    public static bool HasMember(this ClusterMembershipSnapshot snapshot, string address) =>
        TryParse(address) is { } silo
        && snapshot.Members.TryGetValue(silo, out var member)
        && member.Status is not (SiloStatus.Dead or SiloStatus.None);

    private static SiloAddress? TryParse(string address)
    {
        try
        {
            return SiloAddress.FromParsableString(address);
        }
        catch (Exception e)
            when (e is FormatException or ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            return null;
        }
    }
}
