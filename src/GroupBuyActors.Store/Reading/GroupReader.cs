using System.Data.Common;
using System.Security.Cryptography;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Reading;

/// <summary>
/// Journal and snapshots of one group. Index of every journal read: <c>group_journal_sequence (group_id, sequence)</c>;
/// snapshots go by primary key.
/// </summary>
internal sealed class GroupReader(Database database) : IGroupReader
{
    /// <summary>One chunk: far below any packet limit, and a short lock on SQLite.</summary>
    internal const int ChunkBytes = 256 * 1024;

    /// <summary>Snapshots kept: a whole one to fall back on.</summary>
    private const int SnapshotsKept = 2;

    public async Task<StoredGroup> LoadAsync(GroupId group, CancellationToken cancellation)
    {
        // Each round passes over one snapshot that is not whole; a group keeps few, so this ends.
        for (var before = long.MaxValue; ; )
        {
            var found = await database
                .ReadAsync((session, ct) => LoadBeforeAsync(session, group, before, ct), cancellation)
                .ConfigureAwait(false);
            if (found.Head is not { } head)
                return new StoredGroup(0, null, found.Tail);
            if (head.Matches(found.Snapshot))
                return new StoredGroup(head.Sequence, found.Snapshot, found.Tail);
            before = head.Sequence;
        }
    }

    public Task<long> HeadAsync(GroupId group, CancellationToken cancellation) =>
        database.ReadAsync(
            (session, ct) =>
                session.NumberAsync($"select max(sequence) from group_journal where group_id = {group.Value}", 0, ct),
            cancellation
        );

    public async Task<IReadOnlyList<JournalRow>> HistoryAsync(
        GroupId group,
        long after,
        int limit,
        CancellationToken cancellation
    ) =>
        await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"select {JournalRows.Columns} from group_journal where group_id = {group.Value} and sequence > {after} order by sequence limit {limit}",
                        JournalRows.Read,
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);

    public async Task WriteSnapshotAsync(
        GroupId group,
        long sequence,
        ReadOnlyMemory<byte> snapshot,
        CancellationToken cancellation
    )
    {
        var chunks = 0;
        for (var at = 0; at < snapshot.Length; at += ChunkBytes, chunks++)
        {
            var data = snapshot.Slice(at, Math.Min(ChunkBytes, snapshot.Length - at)).ToArray();
            await database
                .WriteAsync(
                    $"replace into group_snapshot_chunk (group_id, sequence, chunk, data) values ({group.Value}, {sequence}, {chunks}, {data})",
                    cancellation
                )
                .ConfigureAwait(false);
        }

        // The header makes it a snapshot: before it, and where a second writer mixed its chunks in, nobody believes
        // them.
        var hash = SHA256.HashData(snapshot.Span);
        await database
            .WriteAsync(
                $"replace into group_snapshot_head (group_id, sequence, length, chunks, sha256) values ({group.Value}, {sequence}, {snapshot.Length}, {chunks}, {hash})",
                cancellation
            )
            .ConfigureAwait(false);
        await DropOldAsync(group, cancellation).ConfigureAwait(false);
    }

    private async Task DropOldAsync(GroupId group, CancellationToken cancellation)
    {
        await database
            .WriteAsync(
                async (session, ct) =>
                {
                    var kept = await session
                        .ListAsync(
                            $"select sequence from group_snapshot_head where group_id = {group.Value} order by sequence desc limit {SnapshotsKept}",
                            row => row.GetInt64(0),
                            ct
                        )
                        .ConfigureAwait(false);
                    if (kept.Count < SnapshotsKept)
                        return 0;
                    await session
                        .ExecuteAsync(
                            $"delete from group_snapshot_head where group_id = {group.Value} and sequence < {kept[^1]}",
                            ct
                        )
                        .ConfigureAwait(false);
                    return await session
                        .ExecuteAsync(
                            $"delete from group_snapshot_chunk where group_id = {group.Value} and sequence < {kept[^1]}",
                            ct
                        )
                        .ConfigureAwait(false);
                },
                cancellation
            )
            .ConfigureAwait(false);
    }

    private static Task<Loaded> LoadBeforeAsync(
        DbSession session,
        GroupId group,
        long before,
        CancellationToken cancellation
    )
    {
        SqlText newest =
            $"(select max(sequence) from group_snapshot_head where group_id = {group.Value} and sequence < {before})";
        return session.ReadAsync(
            $"""
            select sequence, length, chunks, sha256 from group_snapshot_head where group_id = {group.Value} and sequence < {before} order by sequence desc limit 1;
            select sequence, data from group_snapshot_chunk where group_id = {group.Value} and sequence = {newest} order by chunk;
            select {JournalRows.Columns} from group_journal where group_id = {group.Value} and sequence > coalesce({newest}, 0) order by sequence
            """,
            ReadLoadedAsync,
            cancellation
        );
    }

    private static async Task<Loaded> ReadLoadedAsync(DbDataReader reader, CancellationToken cancellation)
    {
        SnapshotHead? head = null;
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            head = new SnapshotHead(reader.GetInt64(0), reader.GetInt32(1), reader.GetInt32(2), reader.Bytes(3));
        await reader.NextResultAsync(cancellation).ConfigureAwait(false);
        using var data = new MemoryStream(head?.Length ?? 0);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            if (reader.GetInt64(0) == head?.Sequence)
                data.Write(reader.Bytes(1));
        await reader.NextResultAsync(cancellation).ConfigureAwait(false);
        var tail = new List<JournalRow>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            tail.Add(JournalRows.Read(reader));
        // The statements may see different moments: a snapshot that came between them must not cut the tail short.
        if (tail.Count > 0 && head is not null && tail[0].Sequence != head.Sequence + 1)
            head = head with { Length = -1 };
        return new Loaded(head, data.ToArray(), tail);
    }

    private sealed record SnapshotHead(long Sequence, int Length, int Chunks, byte[] Sha256)
    {
        public bool Matches(byte[] snapshot) =>
            snapshot.Length == Length && SHA256.HashData(snapshot).AsSpan().SequenceEqual(Sha256);
    }

    private sealed record Loaded(SnapshotHead? Head, byte[] Snapshot, IReadOnlyList<JournalRow> Tail);
}
