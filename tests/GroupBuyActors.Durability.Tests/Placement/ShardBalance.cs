namespace GroupBuyActors.Placement;

/// <summary>How evenly load lies on silos.</summary>
/// <param name="StddevPercent">Standard deviation of the silos' loads, in percent of their mean.</param>
/// <param name="HottestShardPercent">The hottest shard's share of all load.</param>
/// <param name="LargestSiloPercent">The most loaded silo's share of all load.</param>
internal readonly record struct LoadBalance(
    double StddevPercent,
    double HottestShardPercent,
    double LargestSiloPercent
);

/// <summary>The same load placed by shards of merchant and region, and by a hash of the merchant alone.</summary>
internal readonly record struct LoadBalances(LoadBalance Composite, LoadBalance ByMerchant);

/// <summary>
/// Computes how evenly the homes of shards spread the load of a marketplace over silos, without running any: used by a
/// test and by a benchmark.
/// <para>
/// The mix: 2,000 merchants whose shares of the load follow a Zipf-like distribution with exponent 0.75, the middle of
/// what Breslau et al. (1999) measured for requests on the web (0.64 to 0.83); the largest has 4.3 % of all load. The
/// largest sells in all 31 provinces of China, others in fewer, by the square root of their size (half the size of the
/// largest: 22 provinces; the median merchant: 2). A merchant's load divides by the provinces' population (census of
/// 2020, in 100,000), and large provinces are chosen more often. The seed draws merchants' ids and provinces.
/// </para>
/// <para>
/// Both schemes use 2,048 shards and the same rendezvous hashing, so that only the key differs.
/// </para>
/// </summary>
internal static class ShardBalance
{
    /// <summary>The number of merchants in the mix.</summary>
    public const int Merchants = 2_000;

    /// <summary>The exponent of the Zipf-like distribution of merchants' sizes.</summary>
    public const double Exponent = 0.75;

    private static readonly (string Code, int Population)[] s_provinces =
    [
        ("BJ", 219),
        ("TJ", 139),
        ("HE", 746),
        ("SX", 349),
        ("NM", 240),
        ("LN", 426),
        ("JL", 241),
        ("HL", 319),
        ("SH", 249),
        ("JS", 847),
        ("ZJ", 646),
        ("AH", 610),
        ("FJ", 415),
        ("JX", 452),
        ("SD", 1_015),
        ("HA", 994),
        ("HB", 578),
        ("HN", 664),
        ("GD", 1_260),
        ("GX", 501),
        ("HI", 101),
        ("CQ", 321),
        ("SC", 837),
        ("GZ", 386),
        ("YN", 472),
        ("XZ", 36),
        ("SN", 395),
        ("GS", 250),
        ("QH", 59),
        ("NX", 72),
        ("XJ", 259),
    ];

    /// <summary>The balance on silos named <c>groupbuy-0</c>, <c>groupbuy-1</c> and so on.</summary>
    public static LoadBalances On(int silos, int seed) =>
        On([.. Enumerable.Range(0, silos).Select(number => new SiloSlot($"groupbuy-{number}", null))], seed);

    /// <summary>The balance on these silos.</summary>
    public static LoadBalances On(IReadOnlyList<SiloSlot> silos, int seed)
    {
        var (composite, byMerchant) = (new double[ShardId.Count], new double[ShardId.Count]);
        var random = new Random(seed);
        var ids = new HashSet<long>();
        while (ids.Count < Merchants)
            ids.Add(random.Next(10_000, 1_000_000));
        var (rank, total) = (0, Enumerable.Range(1, Merchants).Sum(SizeOf));
        foreach (var merchant in ids)
        {
            var size = SizeOf(++rank);
            byMerchant[(int)(StableHash.Of($"{merchant}") % ShardId.Count)] += size / total;
            foreach (var (region, share) in RegionsOf(size, random))
                composite[ShardId.Of(merchant, region).Index] += share * size / total;
        }

        return new LoadBalances(Measure(composite, silos), Measure(byMerchant, silos));
    }

    /// <summary>
    /// The median of each figure over the seeds 1 to <paramref name="seeds"/>, because one seed may be lucky.
    /// </summary>
    public static LoadBalances MedianOn(int silos, int seeds)
    {
        var balances = Enumerable.Range(1, seeds).Select(seed => On(silos, seed)).ToList();
        return new LoadBalances(
            MedianOf(balances.ConvertAll(balance => balance.Composite)),
            MedianOf(balances.ConvertAll(balance => balance.ByMerchant))
        );
    }

    private static LoadBalance MedianOf(List<LoadBalance> balances) =>
        new(
            MedianOf(balances.Select(balance => balance.StddevPercent)),
            MedianOf(balances.Select(balance => balance.HottestShardPercent)),
            MedianOf(balances.Select(balance => balance.LargestSiloPercent))
        );

    private static double MedianOf(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    private static double SizeOf(int rank) => Math.Pow(rank, -Exponent);

    /// <summary>Draws provinces without repetition, by population, and divides the load among them.</summary>
    private static List<(string Region, double Share)> RegionsOf(double size, Random random)
    {
        var count = Math.Max(1, (int)Math.Round(s_provinces.Length * Math.Sqrt(size)));
        // Weighted sampling without replacement (Efraimidis and Spirakis 2006).
        var drawn = s_provinces
            .OrderByDescending(province => Math.Pow(random.NextDouble(), 1.0 / province.Population))
            .Take(count)
            .ToList();
        double population = drawn.Sum(province => province.Population);
        return drawn.ConvertAll(province => (province.Code, province.Population / population));
    }

    private static LoadBalance Measure(double[] loadOfShard, IReadOnlyList<SiloSlot> silos)
    {
        var loads = new double[silos.Count];
        for (var shard = 0; shard < loadOfShard.Length; shard++)
            loads[Rendezvous.Home(new ShardId(shard), silos)] += loadOfShard[shard];
        var mean = loads.Average();
        var stddev = Math.Sqrt(loads.Average(load => (load - mean) * (load - mean)));
        return new LoadBalance(100 * stddev / mean, 100 * loadOfShard.Max(), 100 * loads.Max());
    }
}
