using System.Globalization;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Migrations;
using MySqlConnector;

namespace GroupBuyActors.Store.Tasks;

/// <summary>
/// The day partitions of <c>task_outcome</c> on MySQL: split ahead of time from the empty <c>pmax</c>, dropped by age.
/// The first partition is that of day 0, which holds rows that are kept at any age and is never dropped.
/// </summary>
/// <remarks>
/// Problem: a definition needs an exclusive lock of the table for a moment. It waits for every statement that reads the
/// table, and every later statement, including commits, waits behind it. So it waits as briefly as
/// <see cref="MySqlSchemaChange"/> does, less than a commit waits, and is tried again by the next maintenance. Silos
/// exclude each other by a named lock of the server; one that finds it held leaves the work to the holder. If the
/// holder lost the lock with its connection while its last definition still runs, another silo gets errors such as a
/// duplicate partition; they mean that the work is done.
/// </remarks>
internal sealed class TaskOutcomePartitions(MySqlDatabase database)
{
    /// <summary>
    /// The time-out of a definition: moving rows out of <c>pmax</c> after a month without maintenance takes long.
    /// </summary>
    private const int DefinitionSeconds = 600;

    private const string Rest = "pmax",
        Kept = "pkept";
    private const string KeptDefinition = $"partition {Kept} values less than (1)";

    /// <summary>
    /// Creates partitions, then calls <paramref name="keep"/>, which moves rows that must stay out of the days to be
    /// dropped, then drops.
    /// </summary>
    public async Task<TaskOutcomeMaintenance> MaintainAsync(
        int today,
        int keepDays,
        int aheadDays,
        Func<Task> keep,
        CancellationToken cancellation
    )
    {
        await using var connection = await database.OpenOwnAsync(cancellation).ConfigureAwait(false);
        var session = new DbSession(connection, null);
        var name = $"groupbuy task_outcome {StableHash.Of(connection.Database):x16}";
        if (await session.NumberAsync($"select get_lock({name}, 0)", 0, cancellation).ConfigureAwait(false) != 1)
            return new TaskOutcomeMaintenance(0, 0, false);
        await session
            .ExecuteAsync($"set session lock_wait_timeout = {MySqlSchemaChange.LockWaitSeconds}", cancellation)
            .ConfigureAwait(false);
        var existing = await ReadAsync(session, cancellation).ConfigureAwait(false);
        var maintenance = new TaskOutcomeMaintenance(0, 0, false);
        if (await MakeKeptAsync(connection, existing, cancellation).ConfigureAwait(false))
        {
            var made = await MakeAsync(connection, existing, today - keepDays, today, today + aheadDays, cancellation)
                .ConfigureAwait(false);
            await keep().ConfigureAwait(false);
            var dropped = await DropAsync(connection, existing, today - keepDays, cancellation).ConfigureAwait(false);
            maintenance = new TaskOutcomeMaintenance(made ?? 0, dropped ?? 0, made is not null && dropped is not null);
        }

        // After a failure above, the lock ends with the connection: a release that fails too would hide the first
        // failure.
        await session.NumberAsync($"select release_lock({name})", 0, CancellationToken.None).ConfigureAwait(false);
        return maintenance;
    }

    /// <summary>
    /// The partitions in order, each with the first day that it does not hold; the first is that of day 0 if it exists,
    /// and <c>pmax</c> is left out.
    /// </summary>
    private static Task<List<(string Name, int Bound)>> ReadAsync(DbSession session, CancellationToken cancellation) =>
        session.ListAsync(
            $"""
            select partition_name, cast(partition_description as signed) from information_schema.partitions
             where table_schema = database() and table_name = 'task_outcome' and partition_name <> {Rest}
             order by partition_ordinal_position
            """,
            row => (row.GetString(0), row.GetInt32(1)),
            cancellation
        );

    /// <summary>
    /// Creates the partition of day 0 if it is missing, and removes it from the list. False if a lock prevented it.
    /// </summary>
    private static async Task<bool> MakeKeptAsync(
        MySqlConnection connection,
        List<(string Name, int Bound)> existing,
        CancellationToken cancellation
    )
    {
        if (existing.Count > 0 && existing[0].Name == Kept)
        {
            existing.RemoveAt(0);
            return true;
        }

        var (first, bound) =
            existing.Count > 0
                ? (existing[0].Name, $"({existing[0].Bound.ToString(CultureInfo.InvariantCulture)})")
                : (Rest, "maxvalue");
        return await TryDefineAsync(
                connection,
                $"""
                alter table task_outcome reorganize partition {first} into ({KeptDefinition}, partition {first}
                  values less than {bound})
                """,
                cancellation
            )
            .ConfigureAwait(false);
    }

    /// <summary>
    /// Creates a partition per day after the last bound; days that would be dropped anyway are in the first one.
    /// </summary>
    private static async Task<int?> MakeAsync(
        MySqlConnection connection,
        List<(string Name, int Bound)> existing,
        int firstKept,
        int today,
        int last,
        CancellationToken cancellation
    )
    {
        var first = existing.Count == 0 ? today : Math.Max(existing[^1].Bound, firstKept);
        if (first > last)
            return 0;
        var made = Enumerable
            .Range(first, last - first + 1)
            .Select(day =>
                $"partition {NameOf(day)} values less than ({(day + 1).ToString(CultureInfo.InvariantCulture)})"
            );
        return await TryDefineAsync(
                connection,
                $"""
                alter table task_outcome reorganize partition {Rest} into ({string.Join(", ", made)},
                  partition {Rest} values less than maxvalue)
                """,
                cancellation
            )
            .ConfigureAwait(false)
            ? last - first + 1
            : null;
    }

    private static async Task<int?> DropAsync(
        MySqlConnection connection,
        List<(string Name, int Bound)> existing,
        int firstKept,
        CancellationToken cancellation
    )
    {
        var old = existing
            .Where(partition => partition.Bound <= firstKept)
            .Select(partition => partition.Name)
            .ToList();
        if (old.Count == 0)
            return 0;
        return await TryDefineAsync(
                connection,
                $"alter table task_outcome drop partition {string.Join(", ", old)}",
                cancellation
            )
            .ConfigureAwait(false)
            ? old.Count
            : null;
    }

    private static string NameOf(int day) =>
        $"p{DateOnly.FromDateTime(DateTime.UnixEpoch).AddDays(day).ToString("yyyyMMdd", CultureInfo.InvariantCulture)}";

    /// <summary>False if a lock prevented it, or if another silo has done it.</summary>
    private static async Task<bool> TryDefineAsync(
        MySqlConnection connection,
        string sql,
        CancellationToken cancellation
    )
    {
        await using var command = new MySqlCommand(sql, connection) { CommandTimeout = DefinitionSeconds };
        try
        {
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
            return true;
        }
        catch (MySqlException e)
            when (e.ErrorCode
                    is MySqlErrorCode.LockWaitTimeout
                        or MySqlErrorCode.LockDeadlock
                        or MySqlErrorCode.SameNamePartition
                        or MySqlErrorCode.DropPartitionNonExistent
                        or MySqlErrorCode.RangeNotIncreasing
            )
        {
            return false;
        }
    }
}
