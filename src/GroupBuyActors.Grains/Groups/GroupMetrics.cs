using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Text.RegularExpressions;
using GroupBuyActors.Events;

namespace GroupBuyActors.Groups;

/// <summary>Metrics of groups.</summary>
internal sealed partial class GroupMetrics
{
    private static readonly FrozenDictionary<Type, string> CommandNames = typeof(GroupCommand)
        .GetNestedTypes()
        .ToFrozenDictionary(type => type, NameOf);

    private readonly Counter<long> _commands;
    private readonly Counter<long> _transitions;

    public GroupMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("GroupBuyActors");
        _commands = meter.CreateCounter<long>(
            "group_commands_total",
            description: "Group commands, by command and outcome."
        );
        _transitions = meter.CreateCounter<long>(
            "group_transitions_total",
            description: "State transitions of groups, by new state and reason."
        );
    }

    public void Command<T>(GroupCommand command, Reply<T> reply)
        where T : class
    {
        if (!_commands.Enabled)
            return;
        Command(
            command,
            reply.Refusal is { } refusal ? refusal.Code.Text()
                : reply.Replayed ? "replayed"
                : Text(reply.Outcome)
        );
    }

    public void Command(GroupCommand command, string outcome)
    {
        if (_commands.Enabled)
            _commands.Add(1, new("command", CommandNames[command.GetType()]), new("outcome", outcome));
    }

    public void Transitions(List<RecordedEvent> events)
    {
        if (!_transitions.Enabled)
            return;
        foreach (var recorded in events)
            if (TransitionOf(recorded.Event) is { } to)
                _transitions.Add(1, new("to", to.Phase), new("reason", to.Reason));
    }

    private static (string Phase, string Reason)? TransitionOf(GroupEvent happened) =>
        happened switch
        {
            GroupShelved => ("ON_SHELF", ""),
            GroupOpened => ("OPENING", ""),
            GroupSucceeded => ("SUCCESS", ""),
            GroupFulfilled => ("FULFILLED", ""),
            GroupExpired expired => ("EXPIRED", JsonNamingPolicy.SnakeCaseLower.ConvertName(expired.Reason.ToString())),
            _ => null,
        };

    // Inventory's answer ends the publication, so it counts as that command.
    private static string NameOf(Type command) =>
        command == typeof(GroupCommand.Reserved)
            ? "publish"
            : WordEnd().Replace(command.Name, "_$0").ToLowerInvariant();

    private static string Text(ReplyOutcome outcome) =>
        outcome switch
        {
            ReplyOutcome.Created => "created",
            ReplyOutcome.Accepted => "accepted",
            _ => "done",
        };

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex WordEnd();
}
