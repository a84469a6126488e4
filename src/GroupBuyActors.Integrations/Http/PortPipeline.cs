using System.Net;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace GroupBuyActors.Integrations.Http;

/// <summary>
/// The resilience pipeline between a call and the network, from the outermost strategy to the innermost: the budget of
/// the whole call; the limit of concurrent calls; retries; the breaker, which counts each try; the time-out of one try.
/// Every call may be retried, because it has a key with which a repeat has no second effect, or is a query. A refusal
/// is not retried, because it would be repeated.
/// </summary>
internal sealed class PortPipeline(string port, HttpPortOptions options, TimeProvider time, ILogger log)
{
    private static readonly HttpRequestOptionsKey<long> Begun = new("groupbuy.begun");

    /// <summary>The breaker's state, for metrics.</summary>
    public CircuitBreakerStateProvider Breaker { get; } = new();

    /// <summary>Records when a call began, from which its budget counts.</summary>
    public static void Begin(HttpRequestMessage request, TimeProvider time) =>
        request.Options.Set(Begun, time.GetTimestamp());

    public void Configure(ResiliencePipelineBuilder<HttpResponseMessage> pipeline)
    {
        pipeline.TimeProvider = time;
        pipeline.AddTimeout(new TimeoutStrategyOptions { Name = "budget", Timeout = options.Budget });
        pipeline.AddConcurrencyLimiter(options.ConcurrencyMax, options.QueueMax);
        if (options.RetryCountMax > 0)
            pipeline.AddRetry(Retries());
        pipeline.AddCircuitBreaker(Breaking());
        pipeline.AddTimeout(new TimeoutStrategyOptions { Name = "try", Timeout = options.TryTimeout });
    }

    private HttpRetryStrategyOptions Retries() =>
        new()
        {
            MaxRetryAttempts = options.RetryCountMax,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = options.RetryDelay,
            ShouldHandle = args => ValueTask.FromResult(IsPassing(args.Outcome) && FitsBudget(args)),
            ShouldRetryAfterHeader = false,
            DelayGenerator = args => ValueTask.FromResult(RetryAfter(args.Outcome.Result)),
        };

    private CircuitBreakerStrategyOptions<HttpResponseMessage> Breaking() =>
        new()
        {
            StateProvider = Breaker,
            FailureRatio = options.BreakerFailurePercent / 100.0,
            MinimumThroughput = options.BreakerCallsMin,
            SamplingDuration = options.BreakerWindow,
            BreakDuration = options.BreakerDuration,
            // A service that answers 429 works.
            ShouldHandle = args =>
                ValueTask.FromResult(
                    IsPassing(args.Outcome) && args.Outcome.Result?.StatusCode != HttpStatusCode.TooManyRequests
                ),
            OnOpened = args =>
            {
                HttpPortLog.BreakerOpened(log, port, args.BreakDuration);
                return default;
            },
            OnClosed = _ =>
            {
                HttpPortLog.BreakerClosed(log, port);
                return default;
            },
        };

    /// <summary>True for a failure that may be temporary.</summary>
    private static bool IsPassing(Outcome<HttpResponseMessage> outcome) =>
        outcome switch
        {
            { Exception: HttpRequestException or TimeoutRejectedException } => true,
            {
                Result.StatusCode: HttpStatusCode.RequestTimeout
                    or HttpStatusCode.TooManyRequests
                    or >= HttpStatusCode.InternalServerError
            } => true,
            _ => false,
        };

    // A wait beyond the budget would only occupy a slot.
    private bool FitsBudget(RetryPredicateArguments<HttpResponseMessage> args) =>
        RetryAfter(args.Outcome.Result) is not { } wait
        || args.Context.GetRequestMessage() is not { } request
        || !request.Options.TryGetValue(Begun, out var begun)
        || time.GetElapsedTime(begun) + wait < options.Budget;

    private TimeSpan? RetryAfter(HttpResponseMessage? response) =>
        response?.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } when date - time.GetUtcNow() is var wait => wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
            _ => null,
        };
}
