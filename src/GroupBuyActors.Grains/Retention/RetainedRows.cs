using GroupBuyActors.Hosting;
using GroupBuyActors.Relay;
using GroupBuyActors.Store.Retention;
using GroupBuyActors.Store.Slots;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Retention;

/// <summary>Runs of tasks: one row for each try that ended without an event of a group.</summary>
internal sealed class RetainedTaskRuns(SlotStore store, ClusterClock clock, IOptions<GrainsOptions> options)
    : IRetainedKind
{
    public string Kind => "task-runs";

    public Task<PurgeStep> StepAsync(int rowsMax, CancellationToken cancellation) =>
        store.OldRows.TaskRunsAsync(clock.GetUtcNow() - options.Value.Retention.TaskRuns, rowsMax, cancellation);
}

/// <summary>Moves of tasks, which lists need while somebody pages through them.</summary>
internal sealed class RetainedTaskMoves(SlotStore store) : IRetainedKind
{
    /// <summary>Nobody pages through a list for longer.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);

    public string Kind => "task-moves";

    public Task<PurgeStep> StepAsync(int rowsMax, CancellationToken cancellation) =>
        store.OldRows.TaskMovesAsync(Kept, rowsMax, cancellation);
}

/// <summary>Rows of the journal without an event.</summary>
internal sealed class RetainedCommits(
    SlotStore store,
    StreamRelay relay,
    ClusterClock clock,
    IOptions<GrainsOptions> options
) : IRetainedKind
{
    public string Kind => "commits";

    public Task<PurgeStep> StepAsync(int rowsMax, CancellationToken cancellation) =>
        store.OldRows.CommitsAsync(
            clock.GetUtcNow() - options.Value.Retention.Commits,
            relay.DurableSinks,
            rowsMax,
            cancellation
        );
}

/// <summary>Outcomes of tasks: partitions by day on MySQL, which are also created ahead here.</summary>
internal sealed class RetainedTaskOutcomes(
    SlotStore store,
    TaskTypeRegistry types,
    ClusterClock clock,
    IOptions<GrainsOptions> options
) : IRetainedKind
{
    public string Kind => "task-ends";

    public TimeSpan Interval => TimeSpan.FromHours(1);

    public async Task<PurgeStep> StepAsync(int rowsMax, CancellationToken cancellation)
    {
        var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
        var maintenance = await store.Outcomes.MaintainAsync(
            today,
            (int)options.Value.Retention.TaskOutcomes.TotalDays,
            GrainsOptions.OutcomePartitionsAheadDays,
            [.. types.All.Where(type => type.IsAboutMoney).Select(type => type.Name)],
            cancellation
        );
        return new PurgeStep(maintenance.Dropped, IsDone: true, IsBlocked: !maintenance.Complete);
    }
}

/// <summary>The audit log.</summary>
internal sealed class RetainedAudit(SlotStores stores, ClusterClock clock, IOptions<GrainsOptions> options)
    : IRetainedKind
{
    public string Kind => "audit";

    public Task<PurgeStep> StepAsync(int rowsMax, CancellationToken cancellation) =>
        stores.First.OldRows.AuditAsync(clock.GetUtcNow() - options.Value.Retention.Audit, rowsMax, cancellation);
}
