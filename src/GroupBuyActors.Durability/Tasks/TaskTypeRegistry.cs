using System.Collections.Frozen;

namespace GroupBuyActors.Tasks;

/// <summary>
/// The task types of a silo, in the order of registration, which is the order in which operators see them.
/// </summary>
internal sealed class TaskTypeRegistry
{
    private readonly FrozenDictionary<string, TaskType> _byName;

    /// <summary>Throws <see cref="ArgumentException"/> where two types have one name.</summary>
    public TaskTypeRegistry(IEnumerable<TaskType> types)
    {
        All = [.. types];
        Names = [.. All.Select(type => type.Name)];
        if (Names.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new ArgumentException($"The task type {twice.Key} is registered twice.", nameof(types));
        _byName = All.ToFrozenDictionary(type => type.Name, StringComparer.Ordinal);
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<TaskType> All { get; }

    /// <summary>Their names.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The type of a name; null where none is registered.</summary>
    public TaskType? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The type of a name; throws <see cref="KeyNotFoundException"/> where none is registered.</summary>
    public TaskType Of(string name) => _byName[name];
}
