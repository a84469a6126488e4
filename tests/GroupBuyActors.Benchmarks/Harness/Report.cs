using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace GroupBuyActors.Benchmarks.Harness;

/// <summary>What a benchmark found: a table for people, measures with stable names for machines.</summary>
internal sealed class Report(string title, string environment)
{
    // Read by people and tools, never put into a page: a plus sign may stay one.
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
    private readonly List<Measurement> _rows = [];
    private readonly SortedDictionary<string, double> _measures = new(StringComparer.Ordinal);
    private readonly List<string> _notes = [];

    private readonly List<string> _failures = [];

    /// <summary>
    /// True where a call failed, or something that must hold did not: the figures cannot be trusted then.
    /// </summary>
    public bool HasFailures => _failures.Count > 0 || _rows.Any(row => row.Failed > 0);

    /// <summary>Adds a row to the table.</summary>
    public void Add(Measurement row) => _rows.Add(row);

    /// <summary>Adds a measure under its stable name.</summary>
    public void Measure(string name, double value) => _measures[name] = Math.Round(value, 3);

    /// <summary>Adds a line below the table.</summary>
    public void Note(string text) => _notes.Add(text);

    /// <summary>Something that must hold does not.</summary>
    public void Fail(string text) => _failures.Add(text);

    /// <summary>Prints everything.</summary>
    public void Print(TextWriter to)
    {
        to.WriteLine();
        to.WriteLine(title);
        to.WriteLine(environment);
        to.WriteLine();
        if (_rows.Count > 0)
            PrintRows(to);
        foreach (var note in _notes)
            to.WriteLine(note);
        foreach (var failure in _failures)
            to.WriteLine($"FAILED: {failure}");
    }

    private void PrintRows(TextWriter to)
    {
        var width = Math.Max(24, _rows.Max(row => row.Name.Length));
        to.WriteLine(
            $"{"".PadRight(width)}  callers      rate/s    p50 ms    p99 ms    max ms    failed  processor µs per call"
        );
        foreach (var row in _rows)
            to.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{row.Name.PadRight(width)}  {(row.Callers == 0 ? "" : row.Callers), 7}  {row.Rate, 10:N0} "
                        + $" {row.Milliseconds(50), 8:0.00}  {row.Milliseconds(99), 8:0.00}  "
                        + $"{row.Milliseconds(100), 8:0.0}  {row.Failed, 8}  {row.ProcessorsPerCall()}"
                )
            );
        to.WriteLine();
        foreach (var row in _rows.Where(row => row.FirstFailure is not null))
            to.WriteLine($"{row.Name}, {row.Callers} callers: {row.FirstFailure}");
    }

    /// <summary>Writes <c>{"measures": {…}}</c>.</summary>
    public async Task WriteAsync(string file)
    {
        var measures = new JsonObject();
        foreach (var (name, value) in _measures)
            measures[name] = value;
        var json = new JsonObject { ["environment"] = environment, ["measures"] = measures };
        if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } directory)
            Directory.CreateDirectory(directory);
        await File.WriteAllTextAsync(file, json.ToJsonString(Json) + "\n");
    }
}
