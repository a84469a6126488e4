using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace GroupBuyActors.Tasks;

/// <summary>
/// A type of timed tasks: its name, its payload and the defaults of its policy. What it does stands in the same file:
/// the rule of a group's task, or the handler of any other.
/// </summary>
internal abstract class TaskType
{
    /// <summary>So that the id of a task, which carries its type, fits the longest id of a group.</summary>
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

    /// <summary>Its name, as operators see it and as rows carry it: stable for ever.</summary>
    public string Name => Policy.Type;

    /// <summary>The policy that holds unless configured otherwise.</summary>
    public TaskPolicy Policy { get; }

    /// <summary>True where a dead letter may be the last trace of money that is owed.</summary>
    public bool IsAboutMoney { get; init; }

    /// <summary>
    /// True where what causes a task lies so long before it that its run begins a trace of its own, linked to the
    /// cause.
    /// </summary>
    public bool BeginsTrace { get; init; }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= NameLengthMax && name.AsSpan().IndexOfAnyExcept(NameCharacters) < 0;
}

/// <summary>A type of tasks whose payload is of one type, stored as UTF-8 JSON that only grows.</summary>
/// <param name="policy">Names the type, and holds unless configured otherwise.</param>
/// <param name="json">How the payload is written and read.</param>
internal class TaskType<TPayload>(TaskPolicy policy, JsonTypeInfo<TPayload> json) : TaskType(policy)
{
    /// <summary>The task of this type that an event of an actor causes.</summary>
    /// <param name="actor">The actor.</param>
    /// <param name="sequence">Of the event.</param>
    /// <param name="due">When it is to run.</param>
    /// <param name="payload">What its run needs to know.</param>
    /// <param name="number">Its number among those of its type that the event causes, from 0.</param>
    /// <param name="trace">W3C traceparent of what causes it, or null.</param>
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

    /// <summary>Writes a payload.</summary>
    public byte[] Write(TPayload payload) => JsonSerializer.SerializeToUtf8Bytes(payload, json);

    /// <summary>Reads a payload; throws <see cref="JsonException"/> where it is none of this type.</summary>
    public TPayload Read(ReadOnlyMemory<byte> payload) =>
        JsonSerializer.Deserialize(payload.Span, json) ?? throw new JsonException("A task payload is an object.");
}
