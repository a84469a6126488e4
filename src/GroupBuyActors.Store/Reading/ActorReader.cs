using System.Data.Common;
using System.Security.Cryptography;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Reading;

/// <summary>
/// Journal and snapshots of one actor. Index of every journal read: <c>journal_sequence (actor_id, sequence)</c>;
/// snapshots go by primary key.
/// </summary>
internal sealed class ActorReader(Database database) : IActorReader
{
    /// <summary>One chunk: far below any packet limit, and a short lock on SQLite.</summary>
    internal const int ChunkBytes = 256 * 1024;

    /// <summary>Snapshots kept: a whole one to fall back on.</summary>
    private const int SnapshotsKept = 2;

    public async Task<StoredActor> LoadAsync(ActorId actor, CancellationToken cancellation)
    {
        // Each round passes over one snapshot that is not whole; an actor keeps few, so this ends.
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

        // The header makes it a snapshot: before it, and where a second writer mixed its chunks in, nobody believes
        // them.
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
            select sequence, length, chunks, sha256 from snapshot_head where actor_id = {actor}
              and sequence < {before} order by sequence desc limit 1;
            select sequence, data from snapshot_chunk where actor_id = {actor} and sequence = {newest} order by chunk;
            select {JournalRows.Columns} from journal where actor_id = {actor}
              and sequence > coalesce({newest}, 0) order by sequence
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
