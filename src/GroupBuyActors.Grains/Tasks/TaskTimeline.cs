using System.Globalization;
using GroupBuyActors.Reading;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Shows operators why a task has not run: its timeline from the journal of its cause, its row, its outcome, and the
/// memory of its owner. If the owner does not answer, the timeline says so.
/// </summary>
internal sealed class TaskTimeline(
    IActorReader groups,
    IClusterMembershipService membership,
    TaskOwners owners,
    TaskPolicyRegistry policies
)
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Adds the timeline to a report; <paramref name="pending"/> is its row, or null if it has ended.
    /// </summary>
    public async Task<TaskReport> WithTimelineAsync(
        TaskReport report,
        TimedTask? pending,
        CancellationToken cancellation
    )
    {
        var timeline = new List<TaskMoment>();
        if (await CauseAsync(report.TaskId, cancellation) is { } cause)
            timeline.Add(cause);
        if (pending is null)
        {
            if (report.RetryCount > 0)
                timeline.Add(new TaskMoment(report.ExecuteAt, $"It was due; {Tries(report.RetryCount)} failed."));
            if (report.EndedAt is { } ended)
                timeline.Add(
                    new TaskMoment(
                        ended,
                        $"It ended as {(report.RedrivenAt is null ? report.Status : "a dead letter")}"
                            + (report.LastError is { } error ? $": {error}" : ".")
                    )
                );
            if (report.DismissedAt is { } dismissed)
                timeline.Add(new TaskMoment(dismissed, "It was dismissed: no further action is needed."));
            if (report.RedrivenAt is { } redriven)
                timeline.Add(new TaskMoment(redriven, "It was rescheduled and has run since."));
            return report with { Timeline = Sorted(timeline) };
        }

        var (owner, situation) = await QueryAsync(report.Shard, report.TaskId, cancellation);
        if (pending.Attempts > 0)
            timeline.Add(
                new TaskMoment(
                    pending.Key.Due,
                    $"{Tries(pending.Attempts)} failed: "
                        + $"{pending.LastError?.TrimEnd('.') ?? "the silo that ran it is gone"}."
                )
            );
        if (situation is { LoadedAt: { } loaded })
            timeline.Add(new TaskMoment(loaded, $"{owner} loaded it into memory."));
        if (situation is { BegunAt: { } begun })
            timeline.Add(new TaskMoment(begun, $"{owner} started to run it."));
        return report with
        {
            Status = situation?.Where is TaskLocation.Running or TaskLocation.Queue ? "running" : "pending",
            Owner = owner,
            Epoch = situation is { Epoch: > 0 and var epoch } ? epoch : report.Epoch,
            WaitingFor = Wait(pending, owner, situation),
            Timeline = Sorted(timeline),
        };
    }

    private string? Wait(TimedTask task, string? owner, TaskSituation? situation) =>
        situation switch
        {
            null when owner is null => "Its shard has no owner because no silo is available.",
            null => $"{owner}, the owner of its shard, does not answer.",
            { Epoch: 0 } => $"{owner} is about to own its shard and has not acquired it yet.",
            { Where: TaskLocation.Table } =>
                "Its due time; it is in the table because it is due beyond the horizon held in memory.",
            { Where: TaskLocation.Wheel } when task.Attempts > 0 => "The delay before its next try.",
            { Where: TaskLocation.Wheel } => "Its due time.",
            { Where: TaskLocation.Queue } =>
                $"A free slot: at most {policies.Of(task.Type).Concurrency} tasks of its type run at once on a silo.",
            { Where: TaskLocation.Parked } => $"A handler: this release has none for task type {task.Type}.",
            _ => null,
        };

    private async Task<TaskMoment?> CauseAsync(string taskId, CancellationToken cancellation)
    {
        if (!TaskIds.TryGetCause(taskId, out var cause))
            return null;
        var sequence = cause.Sequence;
        return
            await groups.HistoryAsync(cause.Actor, sequence - 1, 1, cancellation) is [{ } row]
            && row.Sequence == sequence
            ? new TaskMoment(row.Time, $"Event {sequence} of its actor ({row.Type}) scheduled it.")
            : null;
    }

    private async Task<(string? Owner, TaskSituation? Situation)> QueryAsync(
        ShardId shard,
        string taskId,
        CancellationToken cancellation
    )
    {
        if (owners.Of(shard) is not { } home)
            return (null, null);
        var name = membership.CurrentSnapshot.Members.TryGetValue(home, out var member)
            ? member.Name
            : home.ToParsableString();
        try
        {
            return (name, await owners.CallAsync(home, owner => owner.Explain(taskId), AnswerWithin, cancellation));
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            return (name, null);
        }
    }

    private static string Tries(int count) =>
        count == 1 ? "1 try" : string.Create(CultureInfo.InvariantCulture, $"{count} tries");

    private static List<TaskMoment> Sorted(List<TaskMoment> timeline) => [.. timeline.OrderBy(moment => moment.Time)];
}
