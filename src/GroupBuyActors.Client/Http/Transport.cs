using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace GroupBuyActors.Client;

/// <summary>
/// Sends calls, with retries. Every call may be repeated: reads because they change nothing, all others by their
/// idempotency key, which is chosen once per call and stays the same over its tries.
/// </summary>
internal sealed class Transport
{
    private const string KeyHeader = "Idempotency-Key";
    private readonly HttpClient _http;
    private readonly GroupBuyClientOptions _options;
    private readonly ResiliencePipeline<HttpResponseMessage> _plain;
    private readonly ResiliencePipeline<HttpResponseMessage> _port;

    public Transport(HttpClient http, GroupBuyClientOptions options, TimeProvider time)
    {
        _http = http;
        _options = options;
        _plain = Pipeline(options, options.TryTimeout, time);
        _port = Pipeline(options, options.PortTryTimeout, time);
    }

    public async Task<T> SendAsync<T>(
        HttpMethod method,
        string path,
        object? body,
        CancellationToken cancellation,
        string? key = null,
        bool asksPort = false
    )
    {
        using var response = await TryAsync(method, path, body, key, asksPort, cancellation);
        return await ReadAsync<T>(response, cancellation);
    }

    public async Task<(T Value, HttpStatusCode Status)> SendWithStatusAsync<T>(
        HttpMethod method,
        string path,
        object? body,
        CancellationToken cancellation,
        string? key = null,
        bool asksPort = false
    )
    {
        using var response = await TryAsync(method, path, body, key, asksPort, cancellation);
        return (await ReadAsync<T>(response, cancellation), response.StatusCode);
    }

    /// <summary>Opens a stream; the caller reads and disposes the answer.</summary>
    public async Task<HttpResponseMessage> OpenAsync(string path, string accept, CancellationToken cancellation)
    {
        using var request = Request(HttpMethod.Get, path, null, null);
        request.Headers.Accept.ParseAdd(accept);
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw await ProblemAsync(response, cancellation);
    }

    private async Task<HttpResponseMessage> TryAsync(
        HttpMethod method,
        string path,
        object? body,
        string? key,
        bool asksPort,
        CancellationToken cancellation
    )
    {
        if (method != HttpMethod.Get)
            key ??= _options.NewIdempotencyKey();
        var pipeline = asksPort ? _port : _plain;
        var response = await pipeline.ExecuteAsync(
            async token =>
            {
                using var request = Request(method, path, body, key);
                return await _http.SendAsync(request, token);
            },
            cancellation
        );
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw await ProblemAsync(response, cancellation);
    }

    private HttpRequestMessage Request(HttpMethod method, string path, object? body, string? key)
    {
        var request = new HttpRequestMessage(method, path);
        if (key is not null)
            request.Headers.TryAddWithoutValidation(KeyHeader, key);
        if (_options.ApiKey is { } secret)
            request.Headers.TryAddWithoutValidation("X-Api-Key", secret);
        if (body is not null)
            request.Content = JsonContent.Create(body, ContractJson.Options.GetTypeInfo(body.GetType()));
        return request;
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellation) =>
        await response.Content.ReadFromJsonAsync<T>(ContractJson.Options, cancellation)
        ?? throw new JsonException("The service answered with JSON null.");

    private static async Task<ProblemException> ProblemAsync(
        HttpResponseMessage response,
        CancellationToken cancellation
    )
    {
        try
        {
            var problem = await response.Content.ReadFromJsonAsync<ProblemDocument>(ContractJson.Options, cancellation);
            return new ProblemException(response.StatusCode, problem ?? new ProblemDocument());
        }
        catch (JsonException)
        {
            // A proxy answered, without problem details.
            return new ProblemException(response.StatusCode, new ProblemDocument { Title = response.ReasonPhrase });
        }
    }

    private static ResiliencePipeline<HttpResponseMessage> Pipeline(
        GroupBuyClientOptions options,
        TimeSpan tryTimeout,
        TimeProvider time
    ) =>
        new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time }
            .AddRetry(
                new RetryStrategyOptions<HttpResponseMessage>
                {
                    MaxRetryAttempts = options.RetryCountMax,
                    Delay = options.RetryDelay,
                    MaxDelay = options.RetryDelayMax,
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    ShouldHandle = static attempt => ValueTask.FromResult(IsRetryable(attempt.Outcome)),
                    DelayGenerator = static attempt => ValueTask.FromResult(RetryAfterOf(attempt.Outcome.Result)),
                    OnRetry = static attempt =>
                    {
                        attempt.Outcome.Result?.Dispose();
                        return ValueTask.CompletedTask;
                    },
                }
            )
            .AddTimeout(tryTimeout)
            .Build();

    // A 503 without Retry-After is final: the service has tried the port itself. A 503 with Retry-After, and answers of
    // proxies about a dying silo, are temporary.
    private static bool IsRetryable(Outcome<HttpResponseMessage> outcome) =>
        outcome switch
        {
            { Exception: HttpRequestException or TimeoutRejectedException or IOException } => true,
            {
                Result.StatusCode: HttpStatusCode.TooManyRequests
                    or HttpStatusCode.BadGateway
                    or HttpStatusCode.GatewayTimeout
            } => true,
            { Result: { StatusCode: HttpStatusCode.ServiceUnavailable } response } => RetryAfterOf(response)
                is not null,
            _ => false,
        };

    private static TimeSpan? RetryAfterOf(HttpResponseMessage? response) => response?.Headers.RetryAfter?.Delta;
}
