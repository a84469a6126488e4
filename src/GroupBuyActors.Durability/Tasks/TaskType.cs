using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace GroupBuyActors.Tasks;

/// <summary>
/// A type of timed tasks: its name, its payload and the defaults of its policy. What it does is in the same file: the
/// rule of a group's task, or the handler of any other.
/// </summary>
internal abstract class TaskType
{
    /// <summary>
    /// Limited so that the id of a task, which contains its type, fits into the column even for the longest actor id.
    /// </summary>
    public const int NameLengthMax = 20;

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyz0123456789-"
    );

    private protected TaskType(TaskPolicy policy)
    {
        if (!IsName(policy.Type))
            throw new ArgumentException(
                $"The name of a task type is 1 to {NameLengthMax} lower-case letters, digits and hyphens.",
                nameof(policy)
            );
        Policy = policy;
    }

    /// <summary>The name that operators see and rows contain; it never changes.</summary>
    public string Name => Policy.Type;

    /// <summary>The policy unless configured otherwise.</summary>
    public TaskPolicy Policy { get; }

    /// <summary>True if a dead letter may be the last record of money that is owed.</summary>
    public bool IsAboutMoney { get; init; }

    /// <summary>
    /// True if a task runs so long after its cause that its run begins a trace of its own, linked to the cause.
    /// </summary>
    public bool BeginsTrace { get; init; }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= NameLengthMax && name.AsSpan().IndexOfAnyExcept(NameCharacters) < 0;
}

/// <summary>
/// A type of tasks with the type of its payload, which is stored as UTF-8 JSON. New releases only add properties to it.
/// </summary>
/// <param name="policy">The type's name and its policy unless configured otherwise.</param>
/// <param name="json">Serialises the payload.</param>
internal class TaskType<TPayload>(TaskPolicy policy, JsonTypeInfo<TPayload> json) : TaskType(policy)
{
    /// <summary>The task of this type that an event of an actor causes.</summary>
    /// <param name="actor">The actor of the event.</param>
    /// <param name="sequence">The sequence of the event.</param>
    /// <param name="due">When it is due.</param>
    /// <param name="payload">The handler's input.</param>
    /// <param name="number">Its number among those of its type that the event causes, from 0.</param>
    /// <param name="trace">W3C traceparent of its cause, or null.</param>
    public TimedTask CausedBy(
        ActorId actor,
        long sequence,
        DateTimeOffset due,
        TPayload payload,
        int number = 0,
        string? trace = null
    ) =>
        new()
        {
            Key = new TaskKey(actor.Shard, due, TaskIds.Of(actor, sequence, Name, number)) { Type = Name },
            Type = Name,
            Actor = actor,
            Payload = Write(payload),
            NextAt = due,
            Trace = trace,
        };

    public byte[] Write(TPayload payload) => JsonSerializer.SerializeToUtf8Bytes(payload, json);

    /// <summary>Reads a payload; throws <see cref="JsonException"/> if it is not of this type.</summary>
    public TPayload Read(ReadOnlyMemory<byte> payload) =>
        JsonSerializer.Deserialize(payload.Span, json)
        ?? throw new JsonException("A task payload must be a JSON object.");
}
