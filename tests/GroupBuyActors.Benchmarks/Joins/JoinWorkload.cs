using System.Globalization;
using GroupBuyActors.Benchmarks.Harness;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Benchmarks.Joins;

/// <summary>
/// The groups that are joined and the joins themselves: every join is by a new buyer with a request key, as the client
/// package sends it, so that it leaves an event, a status row and an <c>order-close</c> task, and could be sent again.
/// </summary>
internal sealed class JoinWorkload(int groups, int seed)
{
    /// <summary>Seats of every group: no part of the benchmark may run out of them but the hot one.</summary>
    public const int Capacity = 100_000;

    private const int GroupsPerMerchant = 10;
    private static readonly string[] Regions = ["SH-PUDONG", "BJ-HAIDIAN", "GZ-TIANHE", "CD-JINJIANG"];

    // The run's own part of every id, so that a kept database can be used again.
    private readonly string _run = DateTimeOffset
        .UtcNow.ToUnixTimeSeconds()
        .ToString("x", CultureInfo.InvariantCulture);
    private int _parts;

    /// <summary>Ids of the groups that the callers spread over.</summary>
    public IReadOnlyList<string> Groups { get; private set; } = [];

    /// <summary>
    /// The next part's prefix of buyers and request keys: parts share groups, and a buyer joins a group once.
    /// </summary>
    public string NextPart() => $"{_run}.{Interlocked.Increment(ref _parts)}";

    /// <summary>Publishes the groups.</summary>
    public async Task PublishAsync(IGrainFactory grains, CancellationToken cancellation)
    {
        var ids = Enumerable.Range(0, groups).Select(Id).ToList();
        await Parallel.ForEachAsync(
            ids,
            new ParallelOptions { MaxDegreeOfParallelism = 128, CancellationToken = cancellation },
            async (id, _) => await PublishAsync(grains, id)
        );
        Groups = ids;
    }

    /// <summary>Publishes a group of its own for many buyers.</summary>
    public async Task<string> PublishHotAsync(IGrainFactory grains)
    {
        var id = $"{900_000 + Interlocked.Increment(ref _parts)}.SH-PUDONG.hot-{_run}";
        await PublishAsync(grains, id);
        return id;
    }

    /// <summary>One of the groups, by the caller's dice.</summary>
    public string Pick(Caller caller) => Groups[caller.Random.Next(Groups.Count)];

    /// <summary>The caller's next join.</summary>
    public static JoinGroup NextJoin(Caller caller, string part)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"{part}.{caller.Index}.{caller.Calls}");
        return new JoinGroup($"buyer-{id}", 1, new RequestKey(id, ""));
    }

    private string Id(int index) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{1 + ((index / GroupsPerMerchant * 2654435761L) + seed) % 99_991}."
                + $"{Regions[index % Regions.Length]}.b-{_run}-{index}"
        );

    private static async Task PublishAsync(IGrainFactory grains, string id)
    {
        // A sku of its own, of which the sandbox has a million: no group waits for another's stock.
        var termsRequest = new GroupTermsRequest
        {
            Title = "Longjing tea, 250 g",
            Sku = $"tea-{id}"[..Math.Min(64, id.Length + 4)],
            UnitPrice = new Money(6_800, "CNY"),
            MinGroupSize = Capacity,
            Capacity = Capacity,
        };
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var reply = await grains.GetGrain<IGroupGrain>(id).Publish(termsRequest);
                if (reply.Succeeded)
                    return;
                if (attempt == 5)
                    throw new InvalidOperationException($"Group {id} was not published: {reply.Refusal.Detail}");
            }
            catch (Exception e) when (attempt < 5 && e is TimeoutException or StoreUnavailableException)
            {
                // Publishing again with the same content is safe.
            }
            await Task.Delay(100 * attempt);
        }
    }
}
