using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace GroupBuyActors.Cluster.Load;

/// <summary>An answer that tells something: everything but a lost connection, a time-out or a 5xx.</summary>
internal readonly record struct Answer(HttpStatusCode Status, JsonElement Body, bool Replayed)
{
    /// <summary>2xx.</summary>
    public bool Succeeded => (int)Status is >= 200 and < 300;

    /// <summary>The stable code of a refusal, or an empty text.</summary>
    public string Code =>
        Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty("code", out var code)
            ? code.GetString() ?? ""
            : "";

    public override string ToString() =>
        $"{(int)Status} {(Body.ValueKind == JsonValueKind.Undefined ? "" : Body.GetRawText())}";
}

/// <summary>
/// The silos as a buyer's client sees them: it talks to any of them, and says the same thing again, with the same key,
/// until it is answered. What a crash swallows shows up here as an unknown outcome and nowhere else.
/// </summary>
internal sealed class Edge : IDisposable
{
    private static readonly TimeSpan TryTime = TimeSpan.FromSeconds(5);

    // Longer than any series of kills: a call may meet every one of them.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly Uri[] _silos;
    private readonly HttpClient _http;
    private int _asked;
    private int _unknown;

    public Edge(IEnumerable<Uri> silos)
    {
        _silos = [.. silos];
        _http = new HttpClient(
            new SocketsHttpHandler
            {
                UseProxy = false,
                UseCookies = false,
                ConnectTimeout = TimeSpan.FromSeconds(2),
                MaxConnectionsPerServer = 64,
            }
        )
        {
            Timeout = TryTime,
        };
    }

    /// <summary>Tries whose outcome was unknown.</summary>
    public int Unknown => Volatile.Read(ref _unknown);

    /// <summary>Called with every answer that no client should ever see.</summary>
    public Action<string>? Complain { get; set; }

    /// <summary>
    /// Asks until there is an answer; throws <see cref="TimeoutException"/> when there is none within
    /// <paramref name="patience"/>.
    /// </summary>
    public async Task<Answer> AskAsync(
        HttpMethod method,
        string path,
        object? body = null,
        string? key = null,
        TimeSpan? patience = null,
        CancellationToken cancellation = default
    )
    {
        var limit = TimeProvider.System.GetTimestamp();
        var allowed = patience ?? Patience;
        var silo = (int)((uint)Interlocked.Increment(ref _asked) % (uint)_silos.Length);
        var why = new Dictionary<string, int>();
        for (var attempt = 0; TimeProvider.System.GetElapsedTime(limit) < allowed; attempt++)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                var (answer, unclear) = await TryAsync(
                    _silos[(silo + attempt) % _silos.Length],
                    method,
                    path,
                    body,
                    key,
                    cancellation
                );
                if (answer is { } known)
                    return known;
                Count(unclear);
            }
            catch (Exception e)
                when (e is HttpRequestException or IOException
                    || (e is OperationCanceledException && !cancellation.IsCancellationRequested)
                )
            {
                Count($"{e.GetType().Name}: {e.Message}");
            }
            Interlocked.Increment(ref _unknown);
            await Task.Delay(Math.Min(20 << Math.Min(attempt, 4), 200), cancellation);
        }
        throw new TimeoutException(
            $"{method} {path} was not answered within {allowed.TotalSeconds} s:\n  "
                + $"{string.Join("\n  ", why.Select(entry => $"{entry.Value} times {entry.Key}"))}"
        );

        void Count(string reason) => why[reason] = why.GetValueOrDefault(reason) + 1;
    }

    public void Dispose() => _http.Dispose();

    private async Task<(Answer? Answer, string Why)> TryAsync(
        Uri silo,
        HttpMethod method,
        string path,
        object? body,
        string? key,
        CancellationToken cancellation
    )
    {
        using var request = new HttpRequestMessage(method, new Uri(silo, path));
        if (body is not null)
            request.Content = JsonContent.Create(body);
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        using var response = await _http.SendAsync(request, cancellation);
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellation);
        var text = System.Text.Encoding.UTF8.GetString(bytes);
        if (response.StatusCode == HttpStatusCode.InternalServerError)
            Complain?.Invoke($"{method} {path} answered 500: {text}");
        if ((int)response.StatusCode >= 500 || response.StatusCode == HttpStatusCode.TooManyRequests)
            return (null, $"{(int)response.StatusCode} {text}");
        var json = bytes.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(bytes);
        return (new Answer(response.StatusCode, json, response.Headers.Contains("Idempotency-Replayed")), "");
    }
}
