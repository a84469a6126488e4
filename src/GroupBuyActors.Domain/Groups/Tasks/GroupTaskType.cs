using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>What a try of a group's task does next.</summary>
internal abstract record GroupTaskStep
{
    private GroupTaskStep() { }

    /// <summary>It asks a port, and goes on with the answer.</summary>
    public sealed record Ask(PortQuestion Question) : GroupTaskStep;

    /// <summary>It delivers the answer to its group, whose commit completes the task.</summary>
    public sealed record Deliver(PortAnswered Answer) : GroupTaskStep;

    /// <summary>It is done, and its group need not know: a commit of its own completes it.</summary>
    public sealed record Finish : GroupTaskStep;

    /// <summary>The try failed.</summary>
    public sealed record Fail(RetryStep Step, string Reason) : GroupTaskStep;
}

/// <summary>What all types of a group's tasks have in common, whatever their payload.</summary>
internal interface IGroupTaskType
{
    /// <summary>See <see cref="TaskType.Name"/>.</summary>
    string Name { get; }

    /// <summary>
    /// The next step of a try; <paramref name="answered"/>: what the step before asked, null at first.
    /// </summary>
    GroupTaskStep Next(DueTask due, PortAnswered? answered);

    /// <summary>The command that the task delivers to its group.</summary>
    GroupCommand CommandOf(ReadOnlyMemory<byte> payload, PortAnswered answered);
}

/// <summary>
/// A type of a group's tasks. Its rule is pure: it says what to ask, and what the answer means; asking is the silo's.
/// </summary>
/// <param name="policy">See <see cref="TaskType.Policy"/>.</param>
/// <param name="json">How the payload is written and read.</param>
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

    /// <summary>The group that a task is about.</summary>
    protected static GroupId GroupOf(DueTask due) =>
        due.Task.Actor?.Group ?? throw new InvalidDataException($"Task {due.Task.Key.Id} has no group.");

    /// <summary>One of the orders of the group that a task is about.</summary>
    protected static OrderId OrderOf(DueTask due, int number) => new(GroupOf(due), number);

    private protected static GroupTaskStep Asks(PortQuestion question) => new GroupTaskStep.Ask(question);

    private protected static GroupTaskStep Delivers(PortAnswered answered) => new GroupTaskStep.Deliver(answered);

    private protected static GroupTaskStep Fails(DueTask due, string reason) =>
        new GroupTaskStep.Fail(due.AfterFailure(), reason);
}

/// <summary>Payload of tasks about one order.</summary>
internal sealed record OrderTask(int Order);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OrderTask))]
internal sealed partial class OrderTaskJson : JsonSerializerContext;
