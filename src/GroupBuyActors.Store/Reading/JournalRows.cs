using System.Data.Common;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Reading;

/// <summary>Maps rows of <c>journal</c>, for actors and for streams.</summary>
internal static class JournalRows
{
    /// <summary>The columns, in the order that <see cref="Read"/> expects.</summary>
    public static Raw Columns { get; } =
        new("stream, position, commit_id, actor_id, sequence, type, version, time_ms, payload, trace");

    public static JournalRow Read(DbDataReader row) =>
        new()
        {
            Stream = row.GetInt64(0),
            Position = row.GetInt64(1),
            CommitId = new Guid(row.Bytes(2), bigEndian: true),
            Actor = row.IsDBNull(3) ? null : ActorId.Parse(row.GetString(3)),
            Sequence = row.IsDBNull(4) ? 0 : row.GetInt64(4),
            Type = row.GetString(5),
            Version = row.GetInt32(6),
            Time = row.Instant(7),
            Payload = row.Bytes(8),
            Trace = row.Text(9),
        };
}
