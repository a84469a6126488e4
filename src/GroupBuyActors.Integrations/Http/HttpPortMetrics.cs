using System.Diagnostics.Metrics;
using Polly.CircuitBreaker;

namespace GroupBuyActors.Integrations.Http;

/// <summary>Metrics of calls of ports over HTTP.</summary>
internal sealed class HttpPortMetrics
{
    private readonly Meter _meter;
    private readonly Histogram<double> _durations;
    private readonly UpDownCounter<long> _running;

    public HttpPortMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("GroupBuyActors");
        _durations = _meter.CreateHistogram<double>(
            "port_call_duration_seconds",
            "s",
            "Calls to services over HTTP, including all retries, by outcome."
        );
        _running = _meter.CreateUpDownCounter<long>(
            "port_calls_running",
            description: "Calls to services over HTTP that are running or waiting for a slot."
        );
    }

    /// <summary>Adds the gauge of a breaker's state.</summary>
    public void Watch(string target, CircuitBreakerStateProvider breaker) =>
        _meter.CreateObservableGauge(
            "breaker_state",
            () =>
                new Measurement<int>(
                    NumberOf(breaker.CircuitState),
                    new KeyValuePair<string, object?>("target", target)
                ),
            description: "State of a breaker: 0 closed, 1 half-open, 2 open."
        );

    public void Began(string port) => _running.Add(1, new KeyValuePair<string, object?>("port", port));

    public void Ended(string port, string operation, string outcome, TimeSpan took)
    {
        _running.Add(-1, new KeyValuePair<string, object?>("port", port));
        _durations.Record(took.TotalSeconds, new("port", port), new("operation", operation), new("outcome", outcome));
    }

    private static int NumberOf(CircuitState state) =>
        state switch
        {
            CircuitState.Closed => 0,
            CircuitState.HalfOpen => 1,
            _ => 2,
        };
}
