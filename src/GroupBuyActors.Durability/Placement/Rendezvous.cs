namespace GroupBuyActors.Placement;

/// <summary>
/// A silo as placement knows it: a name that stays the same after a restart, and the region that it serves, or null.
/// </summary>
internal readonly record struct SiloSlot(string Name, string? Region);

/// <summary>
/// Computes the home of a shard; the same function places actors and their tasks. Rendezvous hashing (Thaler and
/// Ravishankar 1998): each silo has a score for each shard, and the highest wins. Silos that know the same members
/// therefore agree without communicating, and a silo that joins or leaves moves only its own share.
/// </summary>
internal static class Rendezvous
{
    /// <summary>
    /// The index of the shard's home in the list; -1 for an empty list. Only silos whose region maps to the shard's
    /// region slot are considered; if there are none, all are. The order of the list does not matter.
    /// </summary>
    public static int Home(ShardId shard, IReadOnlyList<SiloSlot> silos)
    {
        var (best, bestScore, bestIsLocal) = (-1, 0UL, false);
        for (var i = 0; i < silos.Count; i++)
        {
            var silo = silos[i];
            var isLocal = silo.Region is { } region && ShardId.RegionSlotOf(region) == shard.RegionSlot;
            if (bestIsLocal && !isLocal)
                continue;
            var score = Score(shard, silo.Name);
            if (best >= 0 && bestIsLocal == isLocal && !IsAhead(score, silo.Name, bestScore, silos[best].Name))
                continue;
            (best, bestScore, bestIsLocal) = (i, score, isLocal);
        }

        return best;
    }

    private static ulong Score(ShardId shard, string name) => StableHash.Mix(StableHash.Of(name), (ulong)shard.Index);

    private static bool IsAhead(ulong score, string name, ulong otherScore, string otherName) =>
        score > otherScore || (score == otherScore && string.CompareOrdinal(name, otherName) < 0);
}
