using System.Data.Common;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>Maps rows of <c>task_outcome</c>.</summary>
internal static class TaskOutcomeRows
{
    /// <summary>The columns, in the order that <see cref="Read"/> expects.</summary>
    public static Raw Columns { get; } =
        new(
            "task_id, ended_ms, status, type, shard, account, actor_id, due_ms, attempts, version, payload, "
                + "trace, error, redriven_ms, dismissed_ms"
        );

    public static TaskOutcome Read(DbDataReader row) =>
        new()
        {
            TaskId = row.GetString(0),
            EndedAt = row.Instant(1),
            Status = StoredNames<TaskOutcomeStatus>.From(row.GetString(2)),
            Type = string.Intern(row.GetString(3)),
            Shard = new ShardId(row.GetInt32(4)),
            Account = row.IsDBNull(5) ? null : row.GetInt64(5),
            Actor = row.IsDBNull(6) ? null : ActorId.Parse(row.GetString(6)),
            Due = row.Instant(7),
            Attempts = row.GetInt32(8),
            Version = row.GetInt32(9),
            Payload = row.Bytes(10),
            Trace = row.Text(11),
            Error = row.Text(12),
            RedrivenAt = row.InstantOrNull(13),
            DismissedAt = row.InstantOrNull(14),
        };
}
