using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>Continues the fan-out of a transition that did not fit into its commit, until none is pending.</summary>
internal sealed class GroupSettle()
    : GroupTaskType<NoPayload>(
        new TaskPolicy
        {
            Type = TypeName,
            IsNeeded = true,
            Weight = 5,
            Lateness = TimeSpan.FromSeconds(1),
            Retry = new() { DelayMax = TimeSpan.FromMinutes(1), AlertAfter = 10 },
        },
        NoPayloadJson.Default.NoPayload
    )
{
    public const string TypeName = "group-settle";

    public static GroupSettle Type { get; } = new();

    /// <inheritdoc/>
    protected override GroupTaskStep Next(DueTask due, NoPayload payload, PortAnswered? answered) =>
        Delivers(PortAnswered.Nothing);

    /// <inheritdoc/>
    protected override GroupCommand CommandOf(NoPayload payload, PortAnswered answered) => new GroupCommand.Settle();
}
