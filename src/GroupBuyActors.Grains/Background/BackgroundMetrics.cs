using System.Diagnostics.Metrics;

namespace GroupBuyActors.Background;

/// <summary>Metrics of background services.</summary>
internal sealed class BackgroundMetrics(IMeterFactory meters)
{
    private readonly Counter<long> _failures = meters
        .Create("GroupBuyActors")
        .CreateCounter<long>(
            "background_failures_total",
            description: "Runs of background services that failed and are made again, by service."
        );

    /// <summary>Makes the counter visible with zero from the start.</summary>
    public void Started(string service) => Count(service, 0);

    public void Failed(string service) => Count(service, 1);

    private void Count(string service, int failures) =>
        _failures.Add(failures, new KeyValuePair<string, object?>("service", service));
}
