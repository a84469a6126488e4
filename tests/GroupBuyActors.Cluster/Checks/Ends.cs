using System.Net;
using GroupBuyActors.Cluster.Load;

namespace GroupBuyActors.Cluster.Checks;

/// <summary>
/// Brings forward what would come hours later: closed orders are checked for money once more, and vouchers whose
/// validity is over lapse. Both by running the tasks that are there, as an operator can.
/// </summary>
internal sealed class Ends(Edge edge, Ledger ledger)
{
    private const int ShardsOfMerchants = 128;
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(200);
    private readonly HashSet<string> _regions = [];

    /// <summary>How many tasks were run.</summary>
    public int Run { get; private set; }

    /// <summary>Runs all payment checks, until none is left.</summary>
    public async Task CheckPaymentsAsync(TimeSpan patience)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var pending = await ListAsync("payment-check");
            if (pending.Count == 0)
                return;
            // What is after the merchant in a shard's name: the same for all our groups, which are of one region.
            _regions.UnionWith(pending.Select(task => task.Shard[task.Shard.LastIndexOf('_')..]));
            if (TimeProvider.System.GetElapsedTime(started) > patience)
                throw new TimeoutException($"{pending.Count} payment checks are left, such as {pending[0]}.");
            await RunAsync(pending);
            await Task.Delay(LookInterval);
        }
    }

    /// <summary>
    /// Runs the daily scan of our merchants' shards now, and waits until each is done and has scheduled the next.
    /// </summary>
    public async Task LapseVouchersAsync(TimeSpan patience)
    {
        var merchants = ledger
            .Campaigns.Values.Select(campaign => $"shard_{campaign.Merchant % ShardsOfMerchants:000}_")
            .ToHashSet();
        var scans = (await ListAsync("voucher-scan"))
            .Where(task =>
                merchants.Any(task.Shard.StartsWith) && (_regions.Count == 0 || _regions.Any(task.Shard.EndsWith))
            )
            .ToList();
        var started = TimeProvider.System.GetTimestamp();
        while (scans.Count > 0)
        {
            if (TimeProvider.System.GetElapsedTime(started) > patience)
                throw new TimeoutException($"{scans.Count} voucher scans have not run, such as {scans[0]}.");
            // Again, too: whoever takes a shard over gives it the next firing by the clock, that which was brought
            // forward.
            await RunAsync(scans);
            await Task.Delay(LookInterval);
            var there = await ListAsync("voucher-scan");
            scans.RemoveAll(scan => HasRun(scan, there));
        }
    }

    /// <summary>
    /// True where no row of the scan is left that is brought forward or has not been: its firing has been run, and
    /// comes again at its own time under a later version, or is gone.
    /// </summary>
    private static bool HasRun(Listed scan, List<Listed> there) =>
        there
            .Where(task => task.Id == scan.Id)
            .All(task => task.ExecuteAt == scan.ExecuteAt && task.Version > scan.Version);

    private async Task<List<Listed>> ListAsync(string type)
    {
        var found = new List<Listed>();
        for (string? next = null; ; )
        {
            var page = await edge.AskAsync(
                HttpMethod.Get,
                $"/v1/admin/tasks?type={type}&limit=500{(next is null ? "" : $"&after={Uri.EscapeDataString(next)}")}"
            );
            found.AddRange(
                page.Body.GetProperty("items")
                    .EnumerateArray()
                    .Select(task => new Listed(
                        task.GetProperty("taskId").GetString()!,
                        task.GetProperty("shard").GetString()!,
                        task.GetProperty("executeAt").GetDateTimeOffset(),
                        task.GetProperty("version").GetInt32()
                    ))
            );
            next = page.Body.TryGetProperty("next", out var after) ? after.GetString() : null;
            if (next is null)
                return found;
        }
    }

    private Task RunAsync(List<Listed> tasks)
    {
        Run += tasks.Count;
        return Parallel.ForEachAsync(
            tasks,
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (task, stop) =>
            {
                // It may have run by itself meanwhile.
                var ran = await edge.AskAsync(
                    HttpMethod.Post,
                    $"/v1/admin/tasks/{Uri.EscapeDataString(task.Id)}/run-now",
                    cancellation: stop
                );
                ledger.Expect(
                    ran,
                    $"running {task.Id}",
                    HttpStatusCode.OK,
                    HttpStatusCode.NotFound,
                    HttpStatusCode.Conflict
                );
            }
        );
    }

    private sealed record Listed(string Id, string Shard, DateTimeOffset ExecuteAt, int Version);
}
