using System.Globalization;
using System.Net.Http.Json;
using GroupBuyActors.Placement;
using GroupBuyActors.Testing.Silos;
using MySqlConnector;

namespace GroupBuyActors.Benchmarks.Cluster;

/// <summary>Where groups are in memory and shards are owned, as Orleans and the database say it.</summary>
internal sealed class ActiveGroupMap(TestedSystem system, IGrainFactory grains)
{
    private const string GrainType = "group";

    // One for each region slot: groups are spread over as many shards as there are groups.
    private static readonly string[] Regions =
    [
        .. Enumerable
            .Range(0, 1_000)
            .Select(number => $"REGION-{number}")
            .DistinctBy(region => ShardId.RegionSlotOf(region)),
    ];

    /// <summary>Publishes groups of many merchants, which stay in memory without a call.</summary>
    public async Task PublishAsync(int count, CancellationToken cancellation)
    {
        using var http = new HttpClient();
        var silos = system.Addresses.ToList();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellation },
            async (index, token) =>
            {
                var group = string.Create(
                    CultureInfo.InvariantCulture,
                    $"{20_000 + index}.{Regions[index / ShardId.MerchantSlots % Regions.Length]}.active-{index}"
                );
                var terms = new
                {
                    title = "Longjing tea, 250 g",
                    sku = $"tea-{index}",
                    unitPrice = new { amount = 6_800, currency = "CNY" },
                    minGroupSize = 10,
                    timeout = "P1D",
                };
                using var answer = await http.PutAsJsonAsync(
                    new Uri(silos[index % silos.Count], $"/v1/groups/{group}"),
                    terms,
                    token
                );
                answer.EnsureSuccessStatusCode();
            }
        );
    }

    /// <summary>The silo of each group that is in memory.</summary>
    public async Task<IReadOnlyDictionary<string, string>> GroupsAsync()
    {
        var names = system.Silos.ToDictionary(silo => silo.Settings.SiloPort, silo => silo.Settings.Name);
        var found = await grains.GetGrain<IManagementGrain>(0).GetDetailedGrainStatistics();
        var groups = new Dictionary<string, string>();
        foreach (var group in found.Where(grain => grain.GrainId.Type.ToString() == GrainType))
            groups[group.GrainId.Key.ToString()!] = names[group.SiloAddress.Endpoint.Port];
        return groups;
    }

    /// <summary>The owner of each shard's tasks.</summary>
    public async Task<IReadOnlyDictionary<int, string>> ShardsAsync()
    {
        await using var connection = new MySqlConnection(
            system.Database!.ConnectionString(system.DatabaseName) + ";Pooling=false"
        );
        await connection.OpenAsync();
        await using var command = new MySqlCommand("select shard, owner_slot from shard_owner", connection);
        await using var rows = await command.ExecuteReaderAsync();
        var owners = new Dictionary<int, string>();
        while (await rows.ReadAsync())
            owners[rows.GetInt32(0)] = rows.IsDBNull(1) ? "" : rows.GetString(1);
        return owners;
    }

    /// <summary>The share of groups that are where placement would put them now, among some silos.</summary>
    public static double ShareAtHome(IReadOnlyDictionary<string, string> groups, IEnumerable<string> silos)
    {
        var slots = silos.Select(name => new SiloSlot(name, null)).ToList();
        var home = Enumerable
            .Range(0, ShardId.Count)
            .Select(shard => slots[Rendezvous.Home(new ShardId(shard), slots)].Name)
            .ToList();
        return groups.Count == 0
            ? 1
            : groups.Count(group => home[GroupId.Parse(group.Key).Shard.Index] == group.Value) / (double)groups.Count;
    }

    /// <summary>The share of entries with another value than before.</summary>
    public static double ShareMoved<TKey>(
        IReadOnlyDictionary<TKey, string> before,
        IReadOnlyDictionary<TKey, string> after
    )
    {
        var both = after.Where(entry => before.ContainsKey(entry.Key)).ToList();
        return both.Count == 0 ? 0 : both.Count(entry => before[entry.Key] != entry.Value) / (double)both.Count;
    }

    /// <summary>How many each silo has, in words.</summary>
    public static string Describe<TKey>(IReadOnlyDictionary<TKey, string> places) =>
        string.Join(
            ", ",
            places
                .Values.GroupBy(name => name, StringComparer.Ordinal)
                .OrderBy(silo => silo.Key, StringComparer.Ordinal)
                .Select(silo => $"{silo.Key} {silo.Count()}")
        );
}
