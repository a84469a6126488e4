using System.Data.Common;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>Maps rows of <c>timed_task</c> to tasks.</summary>
internal static class TaskRows
{
    /// <summary>No release gives a version so large that it cannot be incremented.</summary>
    private const int VersionMax = int.MaxValue - 1_000;

    /// <summary>The columns, in the order that <see cref="Read"/> expects.</summary>
    public static Raw Columns { get; } =
        new("shard, due_ms, id, type, payload, next_ms, attempts, version, trace, last_error, weight, first_ms");

    /// <summary>
    /// Reads any row: an invalid one becomes a task with a <see cref="TimedTask.Fault"/>, so that the tasks that are
    /// read with it still run.
    /// </summary>
    public static TimedTask Read(DbDataReader row)
    {
        var (due, next, id, version) = (row.GetInt64(1), row.GetInt64(5), row.GetString(2), row.GetInt32(7));
        return new TimedTask
        {
            Key = new TaskKey(new ShardId(row.GetInt32(0)), TaskBounds.Instant(due), id),
            Type = string.Intern(row.GetString(3)),
            Actor = TaskIds.TryGetActor(id, out var actor) ? actor : null,
            Payload = row.Bytes(4),
            NextAt = TaskBounds.Instant(next),
            Attempts = Math.Max(0, row.GetInt32(6)),
            Version = version,
            Trace = row.Text(8),
            LastError = row.Text(9),
            Weight = row.GetInt32(10),
            FirstDue = row.InstantOrNull(11),
            Fault =
                !TaskBounds.IsInstant(due) || !TaskBounds.IsInstant(next) ? "Its times are out of range."
                : version is < 0 or > VersionMax ? $"Its version {version} is invalid."
                : null,
        };
    }
}
