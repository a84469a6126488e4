using GroupBuyActors.Store.Databases;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>
/// Lets old endings go: by partitions where the database has them, else by rows. What nobody has decided of is moved
/// out of the days that are about to go, and stays.
/// </summary>
internal sealed class TaskOutcomeExpiry(Database database)
{
    /// <summary>Rows that are moved or deleted in one transaction.</summary>
    private const int RowsPerWrite = 500;

    private const long DayMs = 24 * 60 * 60 * 1000;
    private static readonly string[] EndKey = ["day", "task_id", "version"];

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

    /// <summary>Dead letters that are the last trace of something owed, of which nobody has decided.</summary>
    private static SqlText Undecided(IReadOnlyCollection<string> types) =>
        types.Count == 0
            ? (SqlText)$"1 = 0"
            : $"""
                type in ({SqlText.Join(", ", types.Select(type => (SqlText)$"{type}"))})
                  and status = 'dead' and redriven_ms is null and dismissed_ms is null
                """;

    /// <summary>Moves letters about money, of which nobody has decided, out of the days that are about to go.</summary>
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

    /// <summary>Kept letters go as long after the decision as other endings after their end.</summary>
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
                            database.Dialect.DeleteSome("task_outcome", EndKey, decided, RowsPerWrite),
                            ct
                        ),
                    cancellation
                )
                .ConfigureAwait(false) == RowsPerWrite
        )
        {
            // A full step: there may be more.
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
                                database.Dialect.DeleteSome("task_outcome", EndKey, $"day = {oldest}", RowsPerWrite),
                                ct
                            ),
                        cancellation
                    )
                    .ConfigureAwait(false) == RowsPerWrite
            )
            {
                // A full step: the day may have more.
            }
        }
    }
}
