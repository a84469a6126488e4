using System.Data.Common;
using System.Security.Cryptography;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Reading;

/// <summary>
/// Reads the journal and the snapshots of one actor. The journal is read by the index <c>journal_sequence (actor_id,
/// sequence)</c>, snapshots by primary key.
/// </summary>
internal sealed class ActorReader(Database database) : IActorReader
{
    /// <summary>Bytes of one chunk: far below any packet limit, and a short write lock on SQLite.</summary>
    internal const int ChunkBytes = 256 * 1024;

    /// <summary>The newest snapshot, and a complete older one to use if the newest is incomplete.</summary>
    private const int SnapshotsKept = 2;

    public async Task<StoredActor> LoadAsync(ActorId actor, CancellationToken cancellation)
    {
        // Each round skips one incomplete snapshot; an actor has few, so this ends.
        for (var before = long.MaxValue; ; )
        {
            var found = await database
                .ReadAsync((session, ct) => LoadBeforeAsync(session, actor, before, ct), cancellation)
                .ConfigureAwait(false);
            if (found.Head is not { } head)
                return new StoredActor(0, null, found.Tail);
            if (head.Matches(found.Snapshot))
                return new StoredActor(head.Sequence, found.Snapshot, found.Tail);
            before = head.Sequence;
        }
    }

    public Task<long> HeadAsync(ActorId actor, CancellationToken cancellation) =>
        database.ReadAsync(
            (session, ct) => session.NumberAsync($"select max(sequence) from journal where actor_id = {actor}", 0, ct),
            cancellation
        );

    public async Task<IReadOnlyList<JournalRow>> HistoryAsync(
        ActorId actor,
        long after,
        int limit,
        CancellationToken cancellation
    ) =>
        await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"""
                        select {JournalRows.Columns} from journal where actor_id = {actor}
                          and sequence > {after} order by sequence limit {limit}
                        """,
                        JournalRows.Read,
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);

    public async Task WriteSnapshotAsync(
        ActorId actor,
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
                    $"""
                    replace into snapshot_chunk (actor_id, sequence, chunk, data)
                      values ({actor}, {sequence}, {chunks}, {data})
                    """,
                    cancellation
                )
                .ConfigureAwait(false);
        }

        // The chunks are a snapshot only with a matching header: they are ignored before it is written, and if two
        // writers mixed their chunks.
        var hash = SHA256.HashData(snapshot.Span);
        await database
            .WriteAsync(
                $"""
                replace into snapshot_head (actor_id, sequence, length, chunks, sha256)
                  values ({actor}, {sequence}, {snapshot.Length}, {chunks}, {hash})
                """,
                cancellation
            )
            .ConfigureAwait(false);
        await DropOldAsync(actor, cancellation).ConfigureAwait(false);
    }

    private async Task DropOldAsync(ActorId actor, CancellationToken cancellation)
    {
        await database
            .WriteAsync(
                async (session, ct) =>
                {
                    var kept = await session
                        .ListAsync(
                            $"""
                            select sequence from snapshot_head where actor_id = {actor}
                              order by sequence desc limit {SnapshotsKept}
                            """,
                            row => row.GetInt64(0),
                            ct
                        )
                        .ConfigureAwait(false);
                    if (kept.Count < SnapshotsKept)
                        return 0;
                    await session
                        .ExecuteAsync(
                            $"delete from snapshot_head where actor_id = {actor} and sequence < {kept[^1]}",
                            ct
                        )
                        .ConfigureAwait(false);
                    return await session
                        .ExecuteAsync(
                            $"delete from snapshot_chunk where actor_id = {actor} and sequence < {kept[^1]}",
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
        ActorId actor,
        long before,
        CancellationToken cancellation
    )
    {
        SqlText newest = $"(select max(sequence) from snapshot_head where actor_id = {actor} and sequence < {before})";
        return session.ReadAsync(
            $"""
            select {JournalRows.Columns} from journal where actor_id = {actor}
              and sequence > coalesce({newest}, 0) order by sequence;
            select sequence, data from snapshot_chunk where actor_id = {actor} and sequence = {newest} order by chunk;
            select sequence, length, sha256 from snapshot_head where actor_id = {actor}
              and sequence < {before} order by sequence desc limit 1
            """,
            ReadLoadedAsync,
            cancellation
        );
    }

    // The statements may see different moments, and a snapshot may be written between them. The tail is read first, so
    // that it begins at the snapshot found last or before it, and never behind it.
    private static async Task<Loaded> ReadLoadedAsync(DbDataReader reader, CancellationToken cancellation)
    {
        var tail = new List<JournalRow>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            tail.Add(JournalRows.Read(reader));
        await reader.NextResultAsync(cancellation).ConfigureAwait(false);
        using var data = new MemoryStream();
        var dataSequence = 0L;
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            dataSequence = reader.GetInt64(0);
            data.Write(reader.Bytes(1));
        }

        await reader.NextResultAsync(cancellation).ConfigureAwait(false);
        if (!await reader.ReadAsync(cancellation).ConfigureAwait(false))
            return new Loaded(null, [], tail);
        var head = new SnapshotHead(reader.GetInt64(0), reader.GetInt32(1), reader.Bytes(2));
        return new Loaded(
            head,
            dataSequence == head.Sequence ? data.ToArray() : [],
            [.. tail.SkipWhile(row => row.Sequence <= head.Sequence)]
        );
    }

    private sealed record SnapshotHead(long Sequence, int Length, byte[] Sha256)
    {
        public bool Matches(byte[] snapshot) =>
            snapshot.Length == Length && SHA256.HashData(snapshot).AsSpan().SequenceEqual(Sha256);
    }

    private sealed record Loaded(SnapshotHead? Head, byte[] Snapshot, IReadOnlyList<JournalRow> Tail);
}
