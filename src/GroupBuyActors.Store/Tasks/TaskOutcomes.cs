using GroupBuyActors.Reading;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>
/// Reads and marks rows of <c>task_outcome</c>. Pages are read by <see cref="TaskOutcomeScan"/>;
/// <see cref="TaskOutcomeExpiry"/> removes old rows.
/// </summary>
internal sealed class TaskOutcomes(Database database) : ITaskOutcomes
{
    /// <summary>Rows that are marked in one transaction.</summary>
    private const int RowsPerWrite = 500;

    private readonly TaskOutcomeExpiry _expiry = new(database);

    // MySQL: primary key (task_id, version, day), one lookup per partition. SQLite: task_outcome_task (task_id,
    // version).
    public Task<TaskOutcome?> FindAsync(string taskId, CancellationToken cancellation) =>
        !TaskIds.IsStorable(taskId)
            ? Task.FromResult<TaskOutcome?>(null)
            : database.ReadAsync(
                async (session, ct) =>
                    (
                        await session
                            .ListAsync(
                                $"""
                                select {TaskOutcomeRows.Columns} from task_outcome where task_id = {taskId}
                                  order by ended_ms desc, version desc limit 1
                                """,
                                TaskOutcomeRows.Read,
                                ct
                            )
                            .ConfigureAwait(false)
                    ).FirstOrDefault(),
                cancellation
            );

    public async Task<Page<TaskOutcome>> SearchAsync(
        TaskOutcomeFilter filter,
        string? after,
        int limit,
        CancellationToken cancellation
    )
    {
        var scan = new TaskOutcomeScan(filter, TaskOutcomePosition.Read(after));
        var (rows, edge) = await database
            .ReadAsync(
                async (session, ct) =>
                {
                    var edge = await scan.EdgeAsync(session, database.Dialect, ct).ConfigureAwait(false);
                    return (
                        await session
                            .ListAsync(scan.Page(edge, limit + 1, database.Dialect), TaskOutcomeRows.Read, ct)
                            .ConfigureAwait(false),
                        edge
                    );
                },
                cancellation
            )
            .ConfigureAwait(false);
        var page = PageToken.Page(rows, limit, outcome => TaskOutcomePosition.Of(outcome).Write());
        return page.Next is null && edge is { } end ? page with { Next = end.Write() } : page;
    }

    public async Task<int> CountAsync(TaskOutcomeFilter filter, int max, CancellationToken cancellation)
    {
        var count = 0L;
        TaskOutcomePosition? after = null;
        do
        {
            var scan = new TaskOutcomeScan(filter, after);
            var (counted, edge) = await database
                .ReadAsync(
                    async (session, ct) =>
                    {
                        var edge = await scan.EdgeAsync(session, database.Dialect, ct).ConfigureAwait(false);
                        return (
                            await session
                                .NumberAsync(
                                    $"""
                                    select count(*) from (select 1 as one
                                      from {scan.Rows(edge, database.Dialect)} limit {max - count}) found
                                    """,
                                    0,
                                    ct
                                )
                                .ConfigureAwait(false),
                            edge
                        );
                    },
                    cancellation
                )
                .ConfigureAwait(false);
            count += counted;
            after = edge;
        } while (after is not null && count < max);
        return (int)count;
    }

    // Primary key, in its order: two redrives at the same time wait for each other and do not deadlock.
    public Task<int> MarkRedrivenAsync(
        IReadOnlyCollection<TaskOutcomeKey> keys,
        DateTimeOffset at,
        CancellationToken cancellation
    ) => MarkAsync(keys, $"redriven_ms = {at.ToUnixTimeMilliseconds()}", $"redriven_ms is null", cancellation);

    public Task<int> DismissAsync(
        IReadOnlyCollection<TaskOutcomeKey> keys,
        DateTimeOffset at,
        CancellationToken cancellation
    ) =>
        MarkAsync(
            keys,
            $"dismissed_ms = {at.ToUnixTimeMilliseconds()}",
            $"dismissed_ms is null and redriven_ms is null",
            cancellation
        );

    private async Task<int> MarkAsync(
        IReadOnlyCollection<TaskOutcomeKey> keys,
        SqlText set,
        SqlText where,
        CancellationToken cancellation
    )
    {
        var marked = 0;
        foreach (
            var some in keys.OrderBy(key => key.TaskId, StringComparer.Ordinal)
                .ThenBy(key => key.Version)
                .Chunk(RowsPerWrite)
        )
        {
            var updates = SqlText.Join(
                "; ",
                some.Select(key =>
                    new SqlText().Append(
                        $"""
                        update task_outcome set {set} where day in (0, {key.Day}) and task_id = {key.TaskId}
                          and version = {key.Version} and {where}
                        """
                    )
                )
            );
            marked += await database
                .WriteAsync((session, ct) => session.ExecuteAsync(updates, ct), cancellation)
                .ConfigureAwait(false);
        }

        return marked;
    }

    public Task<TaskOutcomeMaintenance> MaintainAsync(
        DateOnly today,
        int keepDays,
        int aheadDays,
        IReadOnlyCollection<string> undecidedTypes,
        CancellationToken cancellation
    ) => _expiry.MaintainAsync(today, keepDays, aheadDays, undecidedTypes, cancellation);
}
