using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace GroupBuyActors.Silo.Settings;

/// <summary>The settings are invalid; the message has all faults.</summary>
internal sealed class SettingsException(string message) : Exception(message);

/// <summary>
/// Binds sections of the configuration to types, strictly, and collects all faults, so that one start reports all of
/// them.
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

    public void Fault(IEnumerable<(string Name, string Text)> faults)
    {
        foreach (var (name, text) in faults)
            Fault(name, text);
    }

    public void ThrowIfFaulty()
    {
        if (_faults.Count > 0)
            throw new SettingsException($"The settings are invalid: {string.Join("; ", _faults)}.");
    }

    /// <summary>
    /// Binds the section to a new <typeparamref name="T"/>: properties with a public setter can be set and are
    /// validated by their attributes; others keep their defaults.
    /// </summary>
    /// <remarks>
    /// Binds property by property, because the configuration binder stops at the first fault. An unknown name is a
    /// fault, too, because a misspelt setting would silently keep its default.
    /// </remarks>
    public T Bind<T>()
        where T : new()
    {
        var target = new T();
        var known = Settable(typeof(T));
        foreach (var setting in _configuration.GetChildren())
        {
            if (known.FirstOrDefault(property => IsNamed(property.Name, setting.Key)) is { } property)
                Set(target, property, setting);
            else
                Fault(setting.Key, $"is an unknown setting; the known ones are {Names(known.Select(one => one.Name))}");
        }

        return target;
    }

    /// <summary>Reads one setting of the section.</summary>
    public T Bind<T>(string name, T otherwise)
    {
        var setting = _configuration.GetSection(name);
        if (IsEmpty(setting))
            return otherwise;
        if (SettingValue.TryConvert(setting, typeof(T), out var value))
            return (T)value;
        Fault(name, SettingValue.Expected(typeof(T), null, setting.Value));
        return otherwise;
    }

    /// <summary>The subsections with one of these names, with or without hyphens; any other name is a fault.</summary>
    public IEnumerable<(string Known, SettingsReader Section)> Named(IReadOnlyList<string> known, string what)
    {
        foreach (var child in _configuration.GetChildren())
        {
            if (known.FirstOrDefault(one => IsNamed(one.Replace("-", ""), child.Key.Replace("-", ""))) is { } found)
                yield return (found, Section(child.Key));
            else
                Fault(child.Key, $"is an unknown {what}; the known ones are {Names(known)}");
        }
    }

    private void Set(object target, PropertyInfo property, IConfigurationSection setting)
    {
        // An empty setting counts as not set, because a compose file may set variables to empty texts.
        if (IsEmpty(setting))
            return;
        var bounds = property.GetCustomAttribute<RangeAttribute>();
        if (!SettingValue.TryConvert(setting, property.PropertyType, out var value) || bounds?.IsValid(value) == false)
            Fault(setting.Key, SettingValue.Expected(property.PropertyType, bounds, setting.Value));
        else if (Broken(property, value) is { } rule)
            Fault(setting.Key, $"{rule.ErrorMessage}, not '{setting.Value}'");
        else
            property.SetValue(target, value);
    }

    private static ValidationAttribute? Broken(PropertyInfo property, object value) =>
        property.GetCustomAttributes<ValidationAttribute>().FirstOrDefault(rule => !rule.IsValid(value));

    private static PropertyInfo[] Settable(Type type) =>
        [.. type.GetProperties().Where(property => property.SetMethod is { IsPublic: true })];

    private static bool IsEmpty(IConfigurationSection setting) =>
        string.IsNullOrEmpty(setting.Value) && !setting.GetChildren().Any();

    private static bool IsNamed(string known, string name) => known.Equals(name, StringComparison.OrdinalIgnoreCase);

    private static string Names(IEnumerable<string> names) => string.Join(", ", names);
}
