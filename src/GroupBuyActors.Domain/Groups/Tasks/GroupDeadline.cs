using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>Ends the joining of a group at its deadline.</summary>
internal sealed class GroupDeadline()
    : GroupTaskType<NoPayload>(
        new TaskPolicy
        {
            Type = TypeName,
            IsNeeded = true,
            Weight = 10,
            Concurrency = 256,
            Retry = new() { DelayMax = TimeSpan.FromMinutes(1), AlertAfter = 10 },
        },
        NoPayloadJson.Default.NoPayload
    )
{
    public const string TypeName = "group-deadline";

    /// <summary>
    /// The type. It begins a trace of its own because a deadline is about a day after its cause; other tasks run
    /// minutes after theirs.
    /// </summary>
    public static GroupDeadline Type { get; } = new() { BeginsTrace = true };

    /// <inheritdoc/>
    protected override GroupTaskStep Next(DueTask due, NoPayload payload, PortAnswered? answered) =>
        Delivers(PortAnswered.Nothing);

    /// <inheritdoc/>
    protected override GroupCommand CommandOf(NoPayload payload, PortAnswered answered) => new GroupCommand.Settle();
}
