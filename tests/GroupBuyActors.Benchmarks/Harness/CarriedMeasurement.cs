using HdrHistogram;

namespace GroupBuyActors.Benchmarks.Harness;

/// <summary>A <see cref="Measurement"/> on its way from the process that measured.</summary>
internal sealed record CarriedMeasurement
{
    public required string Name { get; init; }
    public required int Callers { get; init; }
    public required TimeSpan Elapsed { get; init; }
    public required long Done { get; init; }
    public required long Failed { get; init; }
    public string? FirstFailure { get; init; }

    /// <summary>How often each number of microseconds was measured, at the histogram's precision.</summary>
    public required Dictionary<long, long> Latencies { get; init; }
    public required Dictionary<string, TimeSpan> Processors { get; init; }

    /// <summary>Packs; <paramref name="each"/> things were done by every call.</summary>
    public static CarriedMeasurement Of(Measurement row, int each = 1) =>
        new()
        {
            Name = row.Name,
            Callers = row.Callers,
            Elapsed = row.Elapsed,
            Done = row.Done * each,
            Failed = row.Failed * each,
            FirstFailure = row.FirstFailure,
            Latencies = row
                .Latencies.RecordedValues()
                .ToDictionary(value => value.ValueIteratedTo, value => value.CountAddedInThisIterationStep),
            Processors = row.Processors.ToDictionary(),
        };

    /// <summary>Unpacks.</summary>
    public Measurement Measurement()
    {
        var latencies = new LongHistogram(1, (long)TimeSpan.FromHours(1).TotalMicroseconds, 3);
        foreach (var (value, count) in Latencies)
            latencies.RecordValueWithCount(value, count);
        return new Measurement
        {
            Name = Name,
            Callers = Callers,
            Elapsed = Elapsed,
            Done = Done,
            Failed = Failed,
            FirstFailure = FirstFailure,
            Latencies = latencies,
            Processors = Processors,
        };
    }
}
