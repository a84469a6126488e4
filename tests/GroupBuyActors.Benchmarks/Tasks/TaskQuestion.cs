using GroupBuyActors.Benchmarks.Harness;

namespace GroupBuyActors.Benchmarks.Tasks;

/// <summary>What a process under test is to measure.</summary>
/// <param name="Part">Which of its parts.</param>
/// <param name="WarmUp">Loaded before it counts.</param>
/// <param name="Window">How long it counts.</param>
/// <param name="Rate">Tasks due a second, where the part has a rate.</param>
internal sealed record TaskQuestion(string Part, TimeSpan WarmUp, TimeSpan Window, int Rate = 0);

/// <summary>What it measured.</summary>
internal sealed record TaskAnswer
{
    /// <summary>Rows of the table.</summary>
    public List<CarriedMeasurement> Rows { get; init; } = [];

    /// <summary>Whether all tasks began within a second after the last was due.</summary>
    public bool Held { get; init; }

    /// <summary>Other numbers, by name.</summary>
    public Dictionary<string, double> Figures { get; init; } = [];

    /// <summary>What the reader should know.</summary>
    public List<string> Notes { get; init; } = [];
}
