using System.Collections.Frozen;

namespace GroupBuyActors.Tasks;

/// <summary>
/// The task types of a silo, in the order of registration, in which operators see them.
/// </summary>
internal sealed class TaskTypeRegistry
{
    private readonly FrozenDictionary<string, TaskType> _byName;

    /// <summary>Throws <see cref="ArgumentException"/> if two types have the same name.</summary>
    public TaskTypeRegistry(IEnumerable<TaskType> types)
    {
        All = [.. types];
        Names = [.. All.Select(type => type.Name)];
        if (Names.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new ArgumentException($"The task type {twice.Key} is registered twice.", nameof(types));
        _byName = All.ToFrozenDictionary(type => type.Name, StringComparer.Ordinal);
    }

    public IReadOnlyList<TaskType> All { get; }

    public IReadOnlyList<string> Names { get; }

    /// <summary>The type with this name; null if none is registered.</summary>
    public TaskType? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The type with this name; throws <see cref="KeyNotFoundException"/> if none is registered.</summary>
    public TaskType Of(string name) => _byName[name];
}
