using GroupBuyActors.Hosting;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Makes one try of a task, bounded in time: no try if its time to live is over; recorded before the try if it was
/// recovered from another silo.
/// </summary>
internal sealed class TaskAttempt(
    TaskCompletion completion,
    TaskPolicyRegistry policies,
    IdGenerator ids,
    TimeProvider time,
    IOptions<GrainsOptions> options
)
{
    /// <summary>Returns the outcome under its name in metrics; throws after an infrastructure failure.</summary>
    public async Task<string> RunAsync(ScheduledTask running, ITaskHandler handler, DateTimeOffset now)
    {
        var policy = policies.Of(running.Stored.Type);
        var failures = running.Stored.Attempts;
        if (policy.Retry.TimeToLive is { } live && running.Stored.AgeAt(now) >= live)
            return await completion.EndAsync(
                running,
                TaskOutcomeStatus.Expired,
                failures,
                running.Stored.LastError ?? "The time to live expired before the task could run."
            );
        if (running.IsRecovered)
        {
            if (!await completion.RecordBeforeAsync(running, policy, now, ids.NextShare()))
                return "lost";
            running.IsRecovered = false;
        }

        var bound = policy.TryTimeout > options.Value.RunTimeout ? policy.TryTimeout : options.Value.RunTimeout;
        using var cancellation = new CancellationTokenSource(bound, time);
        var due = new DueTask(running.Stored, policy, failures, now, ids.NextShare()) { MayRepeat = running.MayRepeat };
        running.WasBegun = true;
        var result = await handler.RunAsync(due, cancellation.Token).WaitAsync(cancellation.Token);
        running.InfrastructureFailures = 0;
        return await completion.ConcludeAsync(running, result, failures, now);
    }
}
