using System.Globalization;
using GroupBuyActors.Benchmarks.Harness;
using GroupBuyActors.Placement;

namespace GroupBuyActors.Benchmarks.Cluster;

/// <summary>
/// How evenly homes of shards spread a Zipf-like marketplace over silos: shards of merchant and region, beside a hash
/// of the merchant alone. Computed by the placement's own function; no process runs.
/// </summary>
internal static class Balance
{
    private const int Seeds = 100;
    private const int Silos = 3;
    private static readonly int[] SiloCounts = [Silos, 5, 8, 16];

    public static void Run(Report report)
    {
        report.Note(
            $"Balance: {ShardBalance.Merchants:N0} merchants over regions, Zipf-like with exponent "
                + $"{ShardBalance.Exponent.ToString(CultureInfo.InvariantCulture)}; medians of {Seeds} seeds:"
        );
        report.Note("  silos  key                   stddev of load  hottest shard  largest silo's load");
        foreach (var silos in SiloCounts)
        {
            var (composite, byMerchant) = ShardBalance.MedianOn(silos, Seeds);
            report.Note(Row(silos, "merchant and region", composite));
            report.Note(Row(silos, "merchant alone", byMerchant));
            if (silos != Silos)
                continue;
            report.Measure("cluster.load_stddev_percent", composite.StddevPercent);
            report.Measure("cluster.hottest_shard_percent", composite.HottestShardPercent);
        }
    }

    private static string Row(int silos, string key, LoadBalance balance) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"  {silos, 5}  {key, -20}  {balance.StddevPercent, 12:0.0} %  {balance.HottestShardPercent, 11:0.00} %  "
                + $"{balance.LargestSiloPercent, 11:0.0} %"
        );
}
