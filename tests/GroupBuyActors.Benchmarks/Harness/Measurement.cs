using HdrHistogram;

namespace GroupBuyActors.Benchmarks.Harness;

/// <summary>What one part of a benchmark gave.</summary>
internal sealed class Measurement
{
    /// <summary>What was called.</summary>
    public required string Name { get; init; }

    /// <summary>How many at once.</summary>
    public required int Callers { get; init; }

    /// <summary>The window.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Calls answered as they should be.</summary>
    public required long Done { get; init; }

    /// <summary>Calls that were not.</summary>
    public required long Failed { get; init; }

    /// <summary>The words of one of them, or null.</summary>
    public string? FirstFailure { get; init; }

    /// <summary>Microseconds.</summary>
    public required LongHistogram Latencies { get; init; }

    /// <summary>Processor time by part.</summary>
    public required IReadOnlyDictionary<string, TimeSpan> Processors { get; init; }

    /// <summary>Calls a second.</summary>
    public double Rate => Done / Elapsed.TotalSeconds;

    /// <summary>A percentile in milliseconds.</summary>
    public double Milliseconds(double percentile) =>
        Done == 0 ? 0 : Latencies.GetValueAtPercentile(percentile) / 1000.0;

    /// <summary>Processor time per call by part, as in <c>client 21 µs, silo 40 µs</c>.</summary>
    public string ProcessorsPerCall() =>
        string.Join(
            ", ",
            Processors.Where(part => Done > 0).Select(part => $"{part.Key} {part.Value.TotalMicroseconds / Done:0}")
        );
}
