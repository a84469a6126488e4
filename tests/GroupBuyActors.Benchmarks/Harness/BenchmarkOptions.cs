using System.Globalization;

namespace GroupBuyActors.Benchmarks.Harness;

/// <summary>The command line after the verb.</summary>
internal sealed class BenchmarkOptions
{
    /// <summary>Options of every benchmark.</summary>
    public static readonly IReadOnlyList<Option> Shared =
    [
        new("--quick", null, "shorter windows: all of it in about a minute"),
        new("--json", "FILE", "also write the measures as JSON"),
        new(
            "--database",
            "NAME",
            "mariadb (default: a private server, flush on every commit, binary log on) or sqlite"
        ),
        new(
            "--connection",
            "STRING",
            "use this MySQL or MariaDB server instead of a private one; the database is created and dropped"
        ),
        new("--seconds", "N", "measuring window of each part (default 10, with --quick 2)"),
        new("--seed", "N", "seed of the callers' choices (default 1)"),
        new("--help", null, "this text"),
    ];

    private readonly Dictionary<string, string> _given;

    private BenchmarkOptions(Dictionary<string, string> given) => _given = given;

    /// <summary>Short windows.</summary>
    public bool Quick => Has("--quick");

    /// <summary>Where to write JSON, or null.</summary>
    public string? JsonFile => Text("--json");

    /// <summary>Which database.</summary>
    public DatabaseKind Database =>
        Text("--database") switch
        {
            null or "mariadb" or "mysql" => DatabaseKind.MariaDb,
            "sqlite" => DatabaseKind.Sqlite,
            var other => throw new UsageException($"--database is mariadb or sqlite, not {other}."),
        };

    /// <summary>How long each part is measured.</summary>
    public TimeSpan Window => TimeSpan.FromSeconds(Number("--seconds", Quick ? 2 : 10, 1, 600));

    /// <summary>How long each part runs before it is measured.</summary>
    public TimeSpan WarmUp => TimeSpan.FromSeconds(Quick ? 1 : 3);

    /// <summary>
    /// How long a process that has just started is loaded before anything of it is measured: until its code is compiled
    /// for good.
    /// </summary>
    public TimeSpan Settling => TimeSpan.FromSeconds(Quick ? 4 : 12);

    /// <summary>Seed of the callers' choices.</summary>
    public int Seed => Number("--seed", 1, 0, int.MaxValue);

    /// <summary>Reads what follows the verb; throws <see cref="UsageException"/> naming what is wrong.</summary>
    public static BenchmarkOptions Parse(IReadOnlyList<string> arguments, IReadOnlyList<Option> own)
    {
        var known = Shared.Concat(own).ToDictionary(option => option.Name);
        var given = new Dictionary<string, string>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var (name, value) = arguments[i].Split('=', 2) is [var left, var right]
                ? (left, right)
                : (arguments[i], null);
            if (!known.TryGetValue(name, out var option))
                throw new UsageException($"Unknown option {name}.");
            if (option.Value is null && value is not null)
                throw new UsageException($"{name} takes no value.");
            if (option.Value is not null && value is null)
                value =
                    ++i < arguments.Count ? arguments[i] : throw new UsageException($"{name} needs {option.Value}.");
            if (!given.TryAdd(name, value ?? ""))
                throw new UsageException($"{name} is given twice.");
        }
        return new(given);
    }

    /// <summary>True where a switch is given.</summary>
    public bool Has(string name) => _given.ContainsKey(name);

    /// <summary>The text of an option, or null.</summary>
    public string? Text(string name) => _given.GetValueOrDefault(name);

    /// <summary>The number of an option.</summary>
    public int Number(string name, int otherwise, int min, int max)
    {
        if (Text(name) is not { } text)
            return otherwise;
        return
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && value >= min
            && value <= max
            ? value
            : throw new UsageException($"{name} is a number from {min} to {max}, not {text}.");
    }
}

/// <summary>Where the work is kept.</summary>
internal enum DatabaseKind
{
    /// <summary>MariaDB or MySQL.</summary>
    MariaDb,

    /// <summary>One file.</summary>
    Sqlite,
}

/// <summary>The command line is wrong; the message says how.</summary>
internal sealed class UsageException(string message) : Exception(message);
