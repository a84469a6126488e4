using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using GroupBuyActors.Testing;

namespace GroupBuyActors.Cluster.Databases;

/// <summary>One try of a join, as its caller saw it.</summary>
internal sealed record JoinTry(
    string Group,
    TimeSpan At,
    TimeSpan Took,
    HttpStatusCode? Status,
    string Code,
    bool SaysWhen
)
{
    public TimeSpan End => At + Took;

    public bool Succeeded => Status is HttpStatusCode.Created or HttpStatusCode.OK;

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{At.TotalSeconds:0.00} s {Group}: {(int?)Status ?? 0} {Code} after {Took.TotalSeconds:0.00} s"
        );
}

/// <summary>
/// Buyers who join groups through any silo, one try after the other, and write down what each try was answered and how
/// long it took. A try without a 201 is not repeated at once: its key is kept, and <see cref="RepeatAsync"/> sends it
/// again at the end, so that every join is made exactly once, whatever failed.
/// </summary>
internal sealed class JoinLoad : IAsyncDisposable
{
    private const int Callers = 12;
    private static readonly TimeSpan RepeatPatience = TimeSpan.FromSeconds(60);
    private readonly Uri[] _silos;
    private readonly string[] _groups;
    private readonly HttpClient _http;
    private readonly CancellationTokenSource _enough = new();
    private readonly long _began = TimeProvider.System.GetTimestamp();
    private readonly ConcurrentQueue<JoinTry> _tries = new();
    private readonly ConcurrentDictionary<string, string> _unknown = new();
    private readonly ConcurrentDictionary<string, string> _orders = new();
    private readonly int _seed;
    private readonly string _buyers;
    private Task[] _running = [];
    private int _users;

    public JoinLoad(IEnumerable<Uri> silos, int groups, int seed, string buyers = "buyer")
    {
        (_silos, _seed, _buyers) = ([.. silos], seed, buyers);
        _groups = [.. Enumerable.Range(1, groups).Select(n => $"{20_000 + n}.SH-PUDONG.outage")];
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(2) })
        {
            Timeout = TimeSpan.FromSeconds(20),
        };
    }

    public IReadOnlyList<string> Groups => _groups;

    /// <summary>The time since this load was made, which tries are dated by.</summary>
    public TimeSpan Now => TimeProvider.System.GetElapsedTime(_began);

    public IReadOnlyCollection<JoinTry> Tries => _tries;

    /// <summary>Orders by the key of the join that was answered with them.</summary>
    public IReadOnlyDictionary<string, string> Orders => _orders;

    /// <summary>Publishes the groups, whose orders close after the payment window.</summary>
    public async Task PublishAsync(TimeSpan paymentWindow)
    {
        foreach (var group in _groups)
        {
            using var answer = await _http.PutAsJsonAsync(
                new Uri(_silos[0], $"/v1/groups/{group}"),
                new
                {
                    title = "Tea",
                    sku = "tea",
                    unitPrice = new { amount = 6_800, currency = "CNY" },
                    minGroupSize = 20_000,
                    capacity = 20_000,
                    paymentWindow = $"PT{paymentWindow.TotalSeconds.ToString(CultureInfo.InvariantCulture)}S",
                }
            );
            if (answer.StatusCode != HttpStatusCode.Created)
                throw new InvalidOperationException(
                    $"{group} was not published: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}"
                );
        }
    }

    public void Start() =>
        _running = [
            .. Enumerable.Range(0, Callers).Select(n => Task.Run(() => JoinAsync(new Random(unchecked(_seed + n))))),
        ];

    /// <summary>Waits until every group was joined after this moment.</summary>
    public async Task EveryGroupIsJoinedAsync(TimeSpan after, TimeSpan patience)
    {
        var started = Now;
        while (true)
        {
            var joined = _tries
                .Where(tried => tried.Succeeded && tried.End > after)
                .Select(tried => tried.Group)
                .Distinct()
                .Count();
            if (joined == _groups.Length)
                return;
            if (Now - started > patience)
                throw new TimeoutException(
                    $"After {patience.TotalSeconds} s only {joined} of {_groups.Length} groups were joined. The last "
                        + $"tries:\n  {string.Join("\n  ", _tries.TakeLast(10))}"
                );
            await Task.Delay(20);
        }
    }

    public async Task StopAsync()
    {
        await _enough.CancelAsync();
        await Task.WhenAll(_running);
        _running = [];
    }

    /// <summary>Sends every join again that was not answered with an order, until each has one.</summary>
    public async Task RepeatAsync()
    {
        var started = Now;
        while (!_unknown.IsEmpty)
        {
            await Parallel.ForEachAsync(
                _unknown.ToArray(),
                new ParallelOptions { MaxDegreeOfParallelism = Callers },
                async (join, _) => await TryAsync(_silos[0], join.Value, join.Key)
            );
            if (!_unknown.IsEmpty && Now - started > RepeatPatience)
                throw new TimeoutException(
                    $"{_unknown.Count} joins have no order. The last tries:\n  "
                        + string.Join("\n  ", _tries.TakeLast(10))
                );
        }
    }

    /// <summary>Compares orders with the journal: each join made one, and no other is there.</summary>
    public async Task<IReadOnlyList<string>> CompareAsync(MariaDbServer database, string name)
    {
        List<string> faults = [];
        var doubled = _orders.GroupBy(order => order.Value).Where(same => same.Count() > 1).Select(same => same.Key);
        faults.AddRange(doubled.Select(order => $"{order} was given to two buyers"));
        var stored = Convert.ToInt64(
            await database.ScalarAsync(
                name,
                $"select count(*) from journal where type='order.placed' and payload like '%\"userId\":\"{_buyers}-%'"
            ),
            CultureInfo.InvariantCulture
        );
        if (stored != _orders.Count)
            faults.Add($"{_orders.Count} joins were answered with an order, and {stored} orders are stored");
        var gaps = await database.ScalarAsync(
            name,
            "select group_concat(actor_id) from (select actor_id from journal where actor_id is not null "
                + "group by actor_id having count(*)<>max(sequence)) g"
        );
        if (gaps is string actors)
            faults.Add($"the journals of {actors} have gaps");
        return faults;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _http.Dispose();
        _enough.Dispose();
    }

    private async Task JoinAsync(Random dice)
    {
        while (!_enough.IsCancellationRequested)
        {
            var key = $"{_buyers}-{Interlocked.Increment(ref _users)}";
            var isOrdered = await TryAsync(_silos[dice.Next(_silos.Length)], _groups[dice.Next(_groups.Length)], key);
            await Task.Delay(isOrdered ? dice.Next(2, 12) : dice.Next(50, 100));
        }
    }

    private async Task<bool> TryAsync(Uri silo, string group, string key)
    {
        _unknown[key] = group;
        var at = Now;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(silo, $"/v1/groups/{group}/orders"));
            request.Headers.Add("Idempotency-Key", key);
            request.Content = JsonContent.Create(new { userId = key });
            using var answer = await _http.SendAsync(request);
            var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
            var tried = new JoinTry(
                group,
                at,
                Now - at,
                answer.StatusCode,
                body.TryGetProperty("code", out var code) ? code.GetString() ?? "" : "",
                answer.Headers.RetryAfter?.Delta is { Ticks: > 0 }
            );
            _tries.Enqueue(tried);
            if (!tried.Succeeded)
                return false;
            var order = body.GetProperty("orderId").GetString()!;
            if (_orders.GetOrAdd(key, order) != order)
                throw new InvalidOperationException($"{key} was answered {_orders[key]} and then {order}.");
            _unknown.TryRemove(key, out _);
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            _tries.Enqueue(new JoinTry(group, at, Now - at, null, e.GetType().Name, false));
            return false;
        }
    }
}
