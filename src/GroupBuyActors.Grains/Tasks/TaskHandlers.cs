using System.Diagnostics.CodeAnalysis;

namespace GroupBuyActors.Tasks;

/// <summary>The handlers of the task types that this silo runs.</summary>
internal sealed class TaskHandlers(IEnumerable<ITaskHandler> handlers, TaskTypeRegistry types)
{
    private readonly Dictionary<string, ITaskHandler> _handlers = handlers.ToDictionary(
        handler => handler.Type,
        StringComparer.Ordinal
    );

    public bool TryGet(string type, [NotNullWhen(true)] out ITaskHandler? handler) =>
        _handlers.TryGetValue(type, out handler);

    /// <inheritdoc cref="TaskType.BeginsTrace"/>
    public bool BeginsTrace(string type) => types.Find(type) is { BeginsTrace: true };
}
