using System.Data.Common;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Tasks;

/// <summary>
/// Rows of <c>task_policy</c>, by primary key. The first write of a type inserts a row of version 0, which is not an
/// override; then every write is one update that finds the expected version or does not.
/// </summary>
internal sealed class PolicyStore(Database database) : IPolicyStore
{
    private const int CallerCharactersMax = 128;
    private static readonly Raw Columns = new("type, version, change_json, changed_ms, caller");

    // Reads the whole primary key: one row per type, of which there are about ten.
    public async Task<IReadOnlyList<StoredPolicy>> ReadAllAsync(CancellationToken cancellation) =>
        await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync($"select {Columns} from task_policy where version > 0 order by type", Row, ct),
                cancellation
            )
            .ConfigureAwait(false);

    public Task<int?> WriteAsync(
        string type,
        int expectedVersion,
        ReadOnlyMemory<byte> changeJson,
        DateTimeOffset at,
        string caller,
        CancellationToken cancellation
    )
    {
        var written = new StoredPolicy(
            type,
            expectedVersion + 1,
            changeJson.ToArray(),
            at,
            caller.Length <= CallerCharactersMax ? caller : caller[..CallerCharactersMax]
        );
        return database.WriteAsync((session, ct) => WriteAsync(session, written, ct), cancellation);
    }

    private async Task<int?> WriteAsync(DbSession session, StoredPolicy policy, CancellationToken cancellation)
    {
        var (change, at) = (policy.ChangeJson.ToArray(), policy.ChangedAt.ToUnixTimeMilliseconds());
        var unchanged = database.Dialect.OrElseSet(["type"], "version = task_policy.version");
        if (policy.Version == 1)
            await session
                .ExecuteAsync(
                    $"""
                    insert into task_policy ({Columns})
                      values ({policy.Type}, 0, {change}, {at}, {policy.Caller}){unchanged}
                    """,
                    cancellation
                )
                .ConfigureAwait(false);
        var rows = await session
            .ExecuteAsync(
                $"""
                update task_policy set version = {policy.Version}, change_json = {change}, changed_ms = {at},
                  caller = {policy.Caller} where type = {policy.Type} and version = {policy.Version - 1}
                """,
                cancellation
            )
            .ConfigureAwait(false);
        return rows == 1 || await WasWrittenAsync(session, policy, cancellation).ConfigureAwait(false)
            ? policy.Version
            : null;
    }

    /// <summary>After a lost answer this work is run again: the row that it finds may be its own.</summary>
    private static async Task<bool> WasWrittenAsync(
        DbSession session,
        StoredPolicy policy,
        CancellationToken cancellation
    )
    {
        var found = await session
            .ListAsync($"select {Columns} from task_policy where type = {policy.Type}", Row, cancellation)
            .ConfigureAwait(false);
        return found is [var there]
            && there.Version == policy.Version
            && there.Caller == policy.Caller
            && there.ChangedAt.ToUnixTimeMilliseconds() == policy.ChangedAt.ToUnixTimeMilliseconds()
            && there.ChangeJson.Span.SequenceEqual(policy.ChangeJson.Span);
    }

    private static StoredPolicy Row(DbDataReader row) =>
        new(row.GetString(0), row.GetInt32(1), row.Bytes(2), row.Instant(3), row.GetString(4));
}
