namespace GroupBuyActors.Benchmarks.Harness;

/// <summary>One verb of the command line: something measured, with its own options.</summary>
internal interface IBenchmark
{
    /// <summary>The verb.</summary>
    string Verb { get; }

    /// <summary>One sentence for the help text.</summary>
    string Summary { get; }

    /// <summary>What can be said after the verb, beside <see cref="BenchmarkOptions.Shared"/>.</summary>
    IReadOnlyList<Option> Options { get; }

    /// <summary>Measures; the report is printed and written by the caller.</summary>
    Task<Report> RunAsync(BenchmarkOptions options, CancellationToken cancellation);
}

/// <summary>
/// An option of the command line. <paramref name="Value"/> names what follows it, or is null for a switch.
/// </summary>
internal sealed record Option(string Name, string? Value, string Help);
