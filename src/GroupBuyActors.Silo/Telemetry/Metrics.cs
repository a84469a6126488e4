using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace GroupBuyActors.Silo.Telemetry;

/// <summary>Metrics for Prometheus at <c>/metrics</c>: ours, Orleans', ASP.NET Core's and the runtime's.</summary>
internal static class Metrics
{
    private const string OurMeter = "GroupBuyActors";

    // From half a millisecond to a minute, roughly doubling: a commit takes a few milliseconds, a late task seconds.
    private static readonly double[] SecondsBuckets =
    [
        0.0005,
        0.001,
        0.002,
        0.005,
        0.01,
        0.02,
        0.05,
        0.1,
        0.2,
        0.5,
        1,
        2,
        5,
        10,
        30,
        60,
    ];

    private static readonly double[] SizeBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

    public static void AddPrometheus(this IServiceCollection services, string silo) =>
        services
            .AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("groupbuy", serviceInstanceId: silo))
            .WithMetrics(metrics =>
                metrics
                    .AddMeter(OurMeter)
                    .AddMeter("Microsoft.Orleans")
                    .AddAspNetCoreInstrumentation()
                    .AddRuntimeInstrumentation()
                    .AddView(Buckets)
                    .AddPrometheusExporter()
            );

    private static MetricStreamConfiguration? Buckets(System.Diagnostics.Metrics.Instrument instrument) =>
        instrument switch
        {
            { Meter.Name: not OurMeter } => null,
            _ when instrument.Name.EndsWith("_seconds", StringComparison.Ordinal) =>
                new ExplicitBucketHistogramConfiguration { Boundaries = SecondsBuckets },
            { Name: "commit_batch_size" } => new ExplicitBucketHistogramConfiguration { Boundaries = SizeBuckets },
            _ => null,
        };
}
