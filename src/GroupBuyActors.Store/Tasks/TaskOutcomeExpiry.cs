using GroupBuyActors.Store.Databases;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>
/// Removes old outcomes: by partition if the database has partitions, otherwise by row. Undecided ones are moved to day
/// 0 before, and stay.
/// </summary>
internal sealed class TaskOutcomeExpiry(Database database)
{
    /// <summary>Rows that are moved or deleted in one transaction.</summary>
    private const int RowsPerWrite = 500;

    private const long DayMs = 24 * 60 * 60 * 1000;
    private static readonly string[] OutcomeKey = ["day", "task_id", "version"];

    private readonly TaskOutcomePartitions? _partitions = database is MySqlDatabase mySql
        ? new TaskOutcomePartitions(mySql)
        : null;

    /// <summary>See <see cref="ITaskOutcomes.MaintainAsync"/>.</summary>
    public Task<TaskOutcomeMaintenance> MaintainAsync(
        DateOnly today,
        int keepDays,
        int aheadDays,
        IReadOnlyCollection<string> undecidedTypes,
        CancellationToken cancellation
    )
    {
        ArgumentOutOfRangeException.ThrowIfNegative(keepDays);
        ArgumentOutOfRangeException.ThrowIfNegative(aheadDays);
        var day = today.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;
        return MaintainAsync(day, keepDays, aheadDays, Undecided(undecidedTypes), cancellation);
    }

    private async Task<TaskOutcomeMaintenance> MaintainAsync(
        int today,
        int keepDays,
        int aheadDays,
        SqlText undecided,
        CancellationToken cancellation
    )
    {
        var firstKept = today - keepDays;
        if (_partitions is null)
            await KeepUndecidedAsync(firstKept, undecided, cancellation).ConfigureAwait(false);
        var maintenance = _partitions is null
            ? await DeleteBeforeAsync(firstKept, cancellation).ConfigureAwait(false)
            : await _partitions
                .MaintainAsync(
                    today,
                    keepDays,
                    aheadDays,
                    () => KeepUndecidedAsync(firstKept, undecided, cancellation),
                    cancellation
                )
                .ConfigureAwait(false);
        await DeleteDecidedAsync(firstKept, cancellation).ConfigureAwait(false);
        return maintenance;
    }

    /// <summary>The condition for dead letters of these types that were neither redriven nor dismissed.</summary>
    private static SqlText Undecided(IReadOnlyCollection<string> types) =>
        types.Count == 0
            ? (SqlText)$"1 = 0"
            : $"""
                type in ({SqlText.Join(", ", types.Select(type => (SqlText)$"{type}"))})
                  and status = 'dead' and redriven_ms is null and dismissed_ms is null
                """;

    /// <summary>Moves undecided dead letters out of the days that will be removed.</summary>
    // The days' partitions; SQLite: primary key (day, task_id, version). Then primary keys.
    private async Task KeepUndecidedAsync(int firstKept, SqlText undecided, CancellationToken cancellation)
    {
        while (true)
        {
            var keys = await database
                .ReadAsync(
                    (session, ct) =>
                        session.ListAsync(
                            $"""
                            select day, task_id, version from task_outcome where day > 0 and day < {firstKept}
                              and {undecided} order by day, task_id, version limit {RowsPerWrite}
                            """,
                            row => new TaskOutcomeKey(row.GetInt32(0), row.GetString(1), row.GetInt32(2)),
                            ct
                        ),
                    cancellation
                )
                .ConfigureAwait(false);
            if (keys.Count == 0)
                return;
            await database
                .WriteAsync(
                    SqlText.Join(
                        "; ",
                        keys.Select(key =>
                            new SqlText().Append(
                                $"""
                                update task_outcome set day = 0 where day = {key.Day} and task_id = {key.TaskId}
                                  and version = {key.Version} and {undecided}
                                """
                            )
                        )
                    ),
                    cancellation
                )
                .ConfigureAwait(false);
        }
    }

    /// <summary>Removes kept dead letters as long after the decision as other outcomes after their end.</summary>
    // The partition of day 0; SQLite: primary key.
    private async Task DeleteDecidedAsync(int firstKept, CancellationToken cancellation)
    {
        var before = firstKept * DayMs;
        SqlText decided = $"""
            day = 0 and (redriven_ms is not null or dismissed_ms is not null)
              and coalesce(redriven_ms, 0) < {before} and coalesce(dismissed_ms, 0) < {before}
            """;
        while (
            await database
                .WriteAsync(
                    (session, ct) =>
                        session.ExecuteAsync(
                            database.Dialect.DeleteSome("task_outcome", OutcomeKey, decided, RowsPerWrite),
                            ct
                        ),
                    cancellation
                )
                .ConfigureAwait(false) == RowsPerWrite
        )
        {
            // The step removed as many rows as it may: there may be more.
        }
    }

    // SQLite. Primary key (day, task_id, version).
    private async Task<TaskOutcomeMaintenance> DeleteBeforeAsync(int firstKept, CancellationToken cancellation)
    {
        for (var days = 0; ; days++)
        {
            var oldest = await database
                .ReadAsync(
                    (session, ct) =>
                        session.NumberAsync($"select min(day) from task_outcome where day > 0", firstKept, ct),
                    cancellation
                )
                .ConfigureAwait(false);
            if (oldest >= firstKept)
                return new TaskOutcomeMaintenance(0, days, true);
            while (
                await database
                    .WriteAsync(
                        (session, ct) =>
                            session.ExecuteAsync(
                                database.Dialect.DeleteSome(
                                    "task_outcome",
                                    OutcomeKey,
                                    $"day = {oldest}",
                                    RowsPerWrite
                                ),
                                ct
                            ),
                        cancellation
                    )
                    .ConfigureAwait(false) == RowsPerWrite
            )
            {
                // The step removed as many rows as it may: the day may have more.
            }
        }
    }
}
