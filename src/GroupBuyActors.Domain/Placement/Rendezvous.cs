namespace GroupBuyActors.Placement;

/// <summary>
/// A silo as placement sees it: a name that survives its restarts, and the region it serves, or null.
/// </summary>
internal readonly record struct SiloSlot(string Name, string? Region);

/// <summary>
/// Where a shard lives: the one function that places groups and their tasks alike. Rendezvous hashing (Thaler and
/// Ravishankar 1998): each silo scores each shard, the highest wins; so all who know the same silos agree without
/// talking, and a silo that comes or goes moves only its own share.
/// </summary>
internal static class Rendezvous
{
    /// <summary>
    /// The silo that the shard lives on, by its place in the list; -1 for an empty list. Silos whose region maps to the
    /// shard's region slot come first; only where there is none do all compete. The order of the list does not matter.
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
