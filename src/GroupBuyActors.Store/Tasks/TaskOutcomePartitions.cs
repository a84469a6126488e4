using System.Globalization;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Migrations;
using MySqlConnector;

namespace GroupBuyActors.Store.Tasks;

/// <summary>
/// The day partitions of <c>task_outcome</c> on MySQL: made ahead out of the empty <c>pmax</c>, dropped by age. Before
/// them lies the one of day 0, which holds what is kept whatever its age and is never dropped.
/// </summary>
/// <remarks>
/// Problem: a definition needs the table for itself for a moment. It waits for every statement that reads the table,
/// and every later one, commits too, waits behind it. So it waits as short as <see cref="MySqlSchemaChange"/> does,
/// less than a commit waits, and is tried again by the next upkeep. Silos take turns by a named lock of the server; who
/// finds it taken leaves the work to its holder. A lock that its holder lost with its connection, while its last
/// definition goes on, leaves errors of a lost race; they say that the work is done.
/// </remarks>
internal sealed class TaskOutcomePartitions(MySqlDatabase database)
{
    /// <summary>Moving rows out of <c>pmax</c>, after a month without upkeep, takes its time.</summary>
    private const int DefinitionSeconds = 600;

    private const string Rest = "pmax",
        Kept = "pkept";
    private const string KeptDefinition = $"partition {Kept} values less than (1)";

    /// <summary>
    /// Makes, then calls <paramref name="keep"/>, which moves what must stay out of the days that go, then drops.
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
        var there = await ReadAsync(session, cancellation).ConfigureAwait(false);
        var maintenance = new TaskOutcomeMaintenance(0, 0, false);
        if (await MakeKeptAsync(connection, there, cancellation).ConfigureAwait(false))
        {
            var made = await MakeAsync(connection, there, today - keepDays, today, today + aheadDays, cancellation)
                .ConfigureAwait(false);
            await keep().ConfigureAwait(false);
            var dropped = await DropAsync(connection, there, today - keepDays, cancellation).ConfigureAwait(false);
            maintenance = new TaskOutcomeMaintenance(made ?? 0, dropped ?? 0, made is not null && dropped is not null);
        }

        // Where something above fails, the lock goes with the connection: releasing it there would hide the failure
        // behind one of its own.
        await session.NumberAsync($"select release_lock({name})", 0, CancellationToken.None).ConfigureAwait(false);
        return maintenance;
    }

    /// <summary>
    /// Days' partitions in order, each with the first day that it does not hold; the first is day 0's where that is
    /// there, <c>pmax</c> is not among them.
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
    /// The partition of day 0 goes in front once; takes it out of the list. False where a lock was in the way.
    /// </summary>
    private static async Task<bool> MakeKeptAsync(
        MySqlConnection connection,
        List<(string Name, int Bound)> there,
        CancellationToken cancellation
    )
    {
        if (there.Count > 0 && there[0].Name == Kept)
        {
            there.RemoveAt(0);
            return true;
        }

        var (first, bound) =
            there.Count > 0
                ? (there[0].Name, $"({there[0].Bound.ToString(CultureInfo.InvariantCulture)})")
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
    /// A partition a day from the last bound on; after a long pause the days that are dropped anyway share the first.
    /// </summary>
    private static async Task<int?> MakeAsync(
        MySqlConnection connection,
        List<(string Name, int Bound)> there,
        int firstKept,
        int today,
        int last,
        CancellationToken cancellation
    )
    {
        var first = there.Count == 0 ? today : Math.Max(there[^1].Bound, firstKept);
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
        List<(string Name, int Bound)> there,
        int firstKept,
        CancellationToken cancellation
    )
    {
        var old = there.Where(partition => partition.Bound <= firstKept).Select(partition => partition.Name).ToList();
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

    /// <summary>False where a lock was in the way, or another had done it.</summary>
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
