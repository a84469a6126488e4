using System.Data.Common;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>Rows of <c>timed_task</c> as tasks.</summary>
internal static class TaskRows
{
    /// <summary>A version that cannot be counted up any more was not given by a release.</summary>
    private const int VersionMax = int.MaxValue - 1_000;

    /// <summary>The columns, in the order that <see cref="Read"/> expects.</summary>
    public static Raw Columns { get; } =
        new(
            "shard, due_ms, id, type, group_id, payload, next_ms, attempts, version, trace, last_error, weight, first_ms"
        );

    /// <summary>
    /// Reads any row, whatever is in it: one that cannot be understood is a task with a <see cref="TimedTask.Fault"/>,
    /// and does not keep those that are read with it from running.
    /// </summary>
    public static TimedTask Read(DbDataReader row)
    {
        var (due, next, group, version) = (row.GetInt64(1), row.GetInt64(6), row.Text(4), row.GetInt32(8));
        var known = GroupId.TryParse(group, null, out var id);
        return new TimedTask
        {
            Key = new TaskKey(new ShardId(row.GetInt32(0)), TaskBounds.Instant(due), row.GetString(2)),
            Type = string.Intern(row.GetString(3)),
            Group = known ? id : null,
            Payload = row.Bytes(5),
            NextAt = TaskBounds.Instant(next),
            Attempts = Math.Max(0, row.GetInt32(7)),
            Version = version,
            Trace = row.Text(9),
            LastError = row.Text(10),
            Weight = row.GetInt32(11),
            FirstDue = row.InstantOrNull(12),
            Fault =
                group is not null && !known ? $"'{group}' is not a group id."
                : !TaskBounds.IsInstant(due) || !TaskBounds.IsInstant(next) ? "Its times are out of range."
                : version is < 0 or > VersionMax ? $"Its version {version} is invalid."
                : null,
        };
    }
}
