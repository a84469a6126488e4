using System.Data.Common;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>Rows of <c>timed_task</c> as tasks.</summary>
internal static class TaskRows
{
    /// <summary>The columns, in the order that <see cref="Read"/> expects.</summary>
    public static Raw Columns { get; } = new("shard, due_ms, id, type, group_id, payload, next_ms, attempts, version, trace, last_error, weight");

    public static TimedTask Read(DbDataReader row) => new()
    {
        Key = new TaskKey(new ShardId(row.GetInt32(0)), row.Instant(1), row.GetString(2)),
        Type = string.Intern(row.GetString(3)),
        Group = row.IsDBNull(4) ? null : GroupId.Parse(row.GetString(4)),
        Payload = row.Bytes(5),
        NextAt = row.Instant(6),
        Attempts = row.GetInt32(7),
        Version = row.GetInt32(8),
        Trace = row.Text(9),
        LastError = row.Text(10),
        Weight = row.GetInt32(11),
    };
}
