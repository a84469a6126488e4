using System.Globalization;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Benchmarks.Saga;

/// <summary>
/// Groups that lack one buyer: published and joined ahead, so that the measured second holds threshold joins and what
/// follows from them.
/// </summary>
internal sealed class SagaGroups(int size, int seed)
{
    private const int GroupsPerMerchant = 10,
        AtOnce = 128;
    private static readonly string[] Regions = ["SH-PUDONG", "BJ-HAIDIAN", "GZ-TIANHE", "CD-JINJIANG"];
    private readonly string _run = DateTimeOffset
        .UtcNow.ToUnixTimeSeconds()
        .ToString("x", CultureInfo.InvariantCulture);
    private int _count;

    /// <summary>Makes groups; their order is the order in which they are to form.</summary>
    public async Task<string[]> PrepareAsync(IGrainFactory grains, int count, CancellationToken cancellation)
    {
        var first = _count;
        _count += count;
        var ids = Enumerable.Range(first, count).Select(Id).ToArray();
        await Parallel.ForEachAsync(
            ids,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation },
            async (id, _) =>
            {
                var group = grains.GetGrain<IGroupGrain>(id);
                await Insist(() => group.Publish(Offer(id)));
                for (var buyer = 1; buyer < size; buyer++)
                {
                    var join = Join(id, buyer);
                    await Insist(() => group.Join(join));
                }
            }
        );
        return ids;
    }

    /// <summary>The join that a group lacks.</summary>
    public JoinGroup LastJoin(string id) => Join(id, size);

    private static JoinGroup Join(string id, int buyer) =>
        new($"buyer-{id}-{buyer}", 1, new RequestKey($"{id}-{buyer}", ""));

    private string Id(int index) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{1 + ((index / GroupsPerMerchant * 2654435761L) + seed) % 99_991}."
                + $"{Regions[index % Regions.Length]}.s-{_run}-{index}"
        );

    // A sku of its own: no group waits for another's stock. Seats are left, so that what is measured is the saga and
    // not settlement.
    private GroupTermsRequest Offer(string id) =>
        new()
        {
            Title = "Longjing tea, 250 g",
            Sku = $"tea-{id}"[..Math.Min(64, id.Length + 4)],
            UnitPrice = new Money(6_800, "CNY"),
            MinGroupSize = size,
            Capacity = size + 10,
        };

    private static async Task Insist<T>(Func<Task<Reply<T>>> call)
        where T : class
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var reply = await call();
                if (reply.Succeeded)
                    return;
                if (attempt == 5)
                    throw new InvalidOperationException($"{reply.Refusal.Code}: {reply.Refusal.Detail}");
            }
            catch (Exception e) when (attempt < 5 && e is TimeoutException or StoreUnavailableException)
            {
                // The same again is safe.
            }
            await Task.Delay(100 * attempt);
        }
    }
}
