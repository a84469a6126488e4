using System.Collections.Concurrent;
using System.Net;
using System.Text;
using GroupBuyActors.Testing.Silos;

namespace GroupBuyActors.Cluster.Load;

/// <summary>
/// One buyer after another joins each of some groups, through some of the silos, and it is known how long each group
/// went without an answer. Groups of many merchants, so that every silo has some.
/// </summary>
internal sealed class SteadyJoins : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false })
    {
        Timeout = TimeSpan.FromSeconds(1),
    };
    private readonly CancellationTokenSource _enough = new();
    private readonly ConcurrentDictionary<string, long> _answeredAt = new();
    private readonly ConcurrentBag<string> _acknowledged = [];
    private readonly Uri[] _silos;
    private readonly string[] _groups;
    private Task _running = Task.CompletedTask;

    private SteadyJoins(IEnumerable<SiloProcess> silos, int groups, string name)
    {
        _silos = [.. silos.Select(silo => silo.Address)];
        _groups = [.. Enumerable.Range(1, groups).Select(merchant => $"{7_000 + merchant}.SH-PUDONG.{name}")];
    }

    /// <summary>Orders that were answered 201.</summary>
    public IReadOnlyCollection<string> Acknowledged => _acknowledged;

    /// <summary>Publishes the groups, and starts to join them once each was joined.</summary>
    public static async Task<SteadyJoins> StartAsync(IEnumerable<SiloProcess> silos, int groups, string name)
    {
        var joins = new SteadyJoins(silos, groups, name);
        await Task.WhenAll(joins._groups.Select(joins.PublishAsync));
        var started = TimeProvider.System.GetTimestamp();
        joins._running = Task.WhenAll(joins._groups.Select(group => Task.Run(() => JoinAsync(joins, group))));
        await joins.AllAnsweredSinceAsync(started, TimeSpan.FromSeconds(60));
        return joins;
    }

    /// <summary>Waits until every group answered a call made after this time.</summary>
    public async Task AllAnsweredSinceAsync(long timestamp, TimeSpan patience)
    {
        var waited = TimeProvider.System.GetTimestamp();
        while (
            _groups.Where(group => _answeredAt.GetValueOrDefault(group) <= timestamp).ToList() is { Count: > 0 } silent
        )
        {
            if (TimeProvider.System.GetElapsedTime(waited) > patience)
                throw new TimeoutException($"{silent.Count} of {_groups.Length} groups do not answer: {silent[0]}, …");
            await Task.Delay(Pause);
        }
    }

    /// <summary>Ends the joins, each with its answer or without.</summary>
    public async Task StopAsync()
    {
        await _enough.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _http.Dispose();
        _enough.Dispose();
    }

    private async Task PublishAsync(string group)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        const string Terms = """
            {"title":"Tea","sku":"tea","unitPrice":{"amount":6800,"currency":"CNY"},"minGroupSize":50000,
             "paymentWindow":"PT4S"}
            """;
        for (var attempt = 0; ; attempt++)
            if (await AskAsync(HttpMethod.Put, attempt, $"/v1/groups/{group}", Terms, null) is { } answer)
                using (answer)
                    if (answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.OK)
                        return;
                    else
                        bound.Token.ThrowIfCancellationRequested();
    }

    private static async Task JoinAsync(SteadyJoins joins, string group)
    {
        for (var buyer = 0; !joins._enough.IsCancellationRequested; buyer++)
        {
            var called = TimeProvider.System.GetTimestamp();
            for (var attempt = 0; !joins._enough.IsCancellationRequested; attempt++)
                if (await joins.TryJoinAsync(group, buyer, attempt))
                {
                    joins._answeredAt[group] = called;
                    break;
                }
                else
                    called = TimeProvider.System.GetTimestamp();
            await Task.Delay(Pause);
        }
    }

    private async Task<bool> TryJoinAsync(string group, int buyer, int attempt)
    {
        var body = $$"""{"userId":"u-{{buyer}}"}""";
        using var answer = await AskAsync(
            HttpMethod.Post,
            attempt,
            $"/v1/groups/{group}/orders",
            body,
            $"{group}-{buyer}"
        );
        if (answer is not { StatusCode: HttpStatusCode.Created })
            return false;
        using var order = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        _acknowledged.Add(order.RootElement.GetProperty("orderId").GetString()!);
        return true;
    }

    private async Task<HttpResponseMessage?> AskAsync(
        HttpMethod method,
        int attempt,
        string path,
        string body,
        string? key
    )
    {
        try
        {
            using var request = new HttpRequestMessage(method, new Uri(_silos[attempt % _silos.Length], path))
            {
                Content = new StringContent(body, Encoding.UTF8, "application/json"),
            };
            if (key is not null)
                request.Headers.Add("Idempotency-Key", key);
            return await _http.SendAsync(request);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            await Task.Delay(Pause);
            return null;
        }
    }
}
