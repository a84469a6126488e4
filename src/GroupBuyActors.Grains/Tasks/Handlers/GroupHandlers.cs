using GroupBuyActors.Groups;

namespace GroupBuyActors.Tasks.Handlers;

/// <summary>Tasks that ask nobody: their group decides what is due.</summary>
internal abstract class SettleHandler(GroupCalls groups) : ITaskHandler
{
    public abstract string Type { get; }

    public Task<TaskVerdict> RunAsync(DueTask due, CancellationToken cancellation) =>
        groups.BringAsync(due, TaskFiring.Of(due.Task));
}

/// <summary>Ends a group's joining at its deadline.</summary>
internal sealed class GroupDeadlineHandler(GroupCalls groups) : SettleHandler(groups)
{
    public override string Type => TaskTypes.GroupDeadline;
}

/// <summary>Continues the consequences of a transition that did not fit into its commit, until none is open.</summary>
internal sealed class GroupSettleHandler(GroupCalls groups) : SettleHandler(groups)
{
    public override string Type => TaskTypes.GroupSettle;
}
