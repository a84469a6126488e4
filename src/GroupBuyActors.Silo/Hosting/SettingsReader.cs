using System.Globalization;
using GroupBuyActors.Events;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>The settings are faulty; the message names every fault.</summary>
internal sealed class SettingsException(string message) : Exception(message);

/// <summary>
/// Reads settings of one section strictly and gathers every fault, so that one start tells all of them.
/// </summary>
internal sealed class SettingsReader
{
    private readonly IConfiguration _configuration;
    private readonly string _path;
    private readonly List<string> _faults;

    private SettingsReader(IConfiguration configuration, string path, List<string> faults)
    {
        _configuration = configuration;
        _path = path;
        _faults = faults;
    }

    public static SettingsReader Of(IConfiguration configuration) =>
        new(configuration.GetSection("GroupBuy"), "GroupBuy", []);

    public SettingsReader Section(string name) => new(_configuration.GetSection(name), $"{_path}:{name}", _faults);

    public void Fault(string name, string text) => _faults.Add($"{_path}:{name}: {text}");

    public void ThrowIfFaulty()
    {
        if (_faults.Count > 0)
            throw new SettingsException($"The settings are invalid: {string.Join("; ", _faults)}.");
    }

    public IEnumerable<(string Name, string Value)> Children() =>
        _configuration.GetChildren().Select(child => (child.Key, child.Value ?? ""));

    public bool Has(string name) => _configuration.GetSection(name).Exists();

    public string? Text(string name) => _configuration[name] is { Length: > 0 } text ? text : null;

    public string Text(string name, string otherwise) => Text(name) ?? otherwise;

    /// <summary>A list, as one text with commas or as an array; null where it is not set, or to nothing.</summary>
    public IReadOnlyList<string>? List(string name)
    {
        var texts = Text(name) is { } text
            ? [text]
            : _configuration.GetSection(name).GetChildren().Select(child => child.Value ?? "");
        var list = texts
            .SelectMany(part => part.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .ToList();
        return list.Count > 0 ? list : null;
    }

    public int Int32(string name, int otherwise, int min, int max)
    {
        if (Text(name) is not { } text)
            return otherwise;
        if (
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            && value >= min
            && value <= max
        )
            return value;
        Fault(name, $"must be a whole number between {min} and {max}, not '{text}'");
        return otherwise;
    }

    /// <summary>A duration longer than zero, as <c>00:00:02</c> or ISO 8601.</summary>
    public TimeSpan Duration(string name, TimeSpan otherwise)
    {
        if (Text(name) is not { } text)
            return otherwise;
        if (
            (
                IsoDurationConverter.TryParse(text, out var value)
                || TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value)
            )
            && value > TimeSpan.Zero
        )
            return value;
        Fault(name, $"must be a duration such as 00:00:02 or PT2S, not '{text}'");
        return otherwise;
    }

    /// <summary>A duration that may be zero; null where none is set.</summary>
    public TimeSpan? DurationIfSet(string name)
    {
        if (Text(name) is not { } text)
            return null;
        if (
            (
                IsoDurationConverter.TryParse(text, out var value)
                || TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value)
            )
            && value >= TimeSpan.Zero
        )
            return value;
        Fault(name, $"must be a duration such as 00:00:02 or PT2S, not '{text}'");
        return null;
    }

    /// <summary>A whole number; null where none is set.</summary>
    public int? Int32IfSet(string name, int min = int.MinValue) =>
        Has(name) ? Int32(name, min, min, int.MaxValue) : null;

    /// <summary>One of an enumeration's JSON names; null where none is set.</summary>
    public T? WordIfSet<T>(string name)
        where T : struct, Enum
    {
        if (Text(name) is not { } text)
            return null;
        if (Http.JsonNames<T>.TryParse(text, out var value))
            return value;
        Fault(name, $"must be one of {Http.JsonNames<T>.All}, not '{text}'");
        return null;
    }

    /// <summary>
    /// The sections inside that are named as one of these, with or without hyphens; any other name is a fault.
    /// </summary>
    public IEnumerable<(string Known, SettingsReader Section)> Named(IReadOnlyList<string> known, string what)
    {
        foreach (var (name, _) in Children())
        {
            if (
                known.FirstOrDefault(one =>
                    one.Replace("-", "").Equals(name.Replace("-", ""), StringComparison.OrdinalIgnoreCase)
                ) is
                { } found
            )
                yield return (found, Section(name));
            else
                Fault(name, $"is an unknown {what}; the known ones are {string.Join(", ", known)}");
        }
    }

    /// <summary>Settings that are none of these are faults: a misspelt one would silently take its default.</summary>
    public void Allow(IReadOnlyList<string> names)
    {
        foreach (var (setting, _) in Children())
            if (!names.Contains(setting, StringComparer.OrdinalIgnoreCase))
                Fault(setting, $"is an unknown setting; the known ones are {string.Join(", ", names)}");
    }

    public T Choice<T>(string name, T otherwise)
        where T : struct, Enum
    {
        if (Text(name) is not { } text)
            return otherwise;
        foreach (var value in Enum.GetValues<T>())
            if (value.ToString().Equals(text, StringComparison.OrdinalIgnoreCase))
                return value;
        Fault(name, $"must be one of {string.Join(", ", Enum.GetNames<T>())}, not '{text}'");
        return otherwise;
    }
}
