using GroupBuyActors.Committing;

namespace GroupBuyActors.Membership;

/// <summary>Finds silos by the addresses and names under which they are stored.</summary>
internal static class ClusterMembers
{
    /// <summary>The identity of this run of this silo.</summary>
    public static SiloIdentity Identity(this ILocalSiloDetails self) =>
        new(self.SiloAddress.ToParsableString(), self.Name);

    /// <summary>
    /// True if a silo with this address is a member. An invalid address is not one, so that a damaged row does not
    /// block the maintenance of all others.
    /// </summary>
    public static bool HasMember(this ClusterMembershipSnapshot snapshot, string address) =>
        TryParse(address) is { } silo
        && snapshot.Members.TryGetValue(silo, out var member)
        && member.Status is not (SiloStatus.Dead or SiloStatus.None);

    /// <summary>Reads an address; null if it is invalid.</summary>
    public static SiloAddress? TryParse(string address)
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
