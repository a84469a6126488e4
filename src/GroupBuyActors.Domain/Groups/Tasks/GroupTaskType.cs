using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>The next step in a try of a group's task.</summary>
internal abstract record GroupTaskStep
{
    private GroupTaskStep() { }

    /// <summary>Ask a port, and continue with the answer.</summary>
    public sealed record Ask(PortQuestion Question) : GroupTaskStep;

    /// <summary>Deliver the answer to the group, whose commit completes the task.</summary>
    public sealed record Deliver(PortAnswered Answer) : GroupTaskStep;

    /// <summary>Done without the group: a commit of its own completes the task.</summary>
    public sealed record Finish : GroupTaskStep;

    public sealed record Fail(RetryStep Step, string Reason) : GroupTaskStep;
}

/// <summary>A type of a group's tasks, whatever its payload.</summary>
internal interface IGroupTaskType
{
    /// <summary>See <see cref="TaskType.Name"/>.</summary>
    string Name { get; }

    /// <summary>
    /// The next step of a try. <paramref name="answered"/> is the answer to the question of the previous step; null at
    /// the first step.
    /// </summary>
    GroupTaskStep Next(DueTask due, PortAnswered? answered);

    /// <summary>The command that the task delivers to its group.</summary>
    GroupCommand CommandOf(ReadOnlyMemory<byte> payload, PortAnswered answered);
}

/// <summary>
/// A type of a group's tasks. Its rule is pure: it decides what to ask and what the answer means; the silo asks.
/// </summary>
/// <param name="policy">See <see cref="TaskType.Policy"/>.</param>
/// <param name="json">Serialises the payload.</param>
internal abstract class GroupTaskType<TPayload>(TaskPolicy policy, JsonTypeInfo<TPayload> json)
    : TaskType<TPayload>(policy, json),
        IGroupTaskType
{
    /// <inheritdoc/>
    public GroupTaskStep Next(DueTask due, PortAnswered? answered) => Next(due, Read(due.Task.Payload), answered);

    /// <inheritdoc/>
    public GroupCommand CommandOf(ReadOnlyMemory<byte> payload, PortAnswered answered) =>
        CommandOf(Read(payload), answered);

    /// <summary>See <see cref="IGroupTaskType.Next"/>.</summary>
    protected abstract GroupTaskStep Next(DueTask due, TPayload payload, PortAnswered? answered);

    /// <summary>See <see cref="IGroupTaskType.CommandOf"/>.</summary>
    protected abstract GroupCommand CommandOf(TPayload payload, PortAnswered answered);

    /// <summary>The group of a task.</summary>
    protected static GroupId GroupOf(DueTask due) =>
        due.Task.Actor?.Group ?? throw new InvalidDataException($"Task {due.Task.Key.Id} has no group.");

    /// <summary>The id of an order of the task's group.</summary>
    protected static OrderId OrderOf(DueTask due, int number) => new(GroupOf(due), number);

    private protected static GroupTaskStep Asks(PortQuestion question) => new GroupTaskStep.Ask(question);

    private protected static GroupTaskStep Delivers(PortAnswered answered) => new GroupTaskStep.Deliver(answered);

    private protected static GroupTaskStep Fails(DueTask due, string reason) =>
        new GroupTaskStep.Fail(due.AfterFailure(), reason);
}

/// <summary>The payload of tasks about one order.</summary>
internal sealed record OrderTask(int Order);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OrderTask))]
internal sealed partial class OrderTaskJson : JsonSerializerContext;
