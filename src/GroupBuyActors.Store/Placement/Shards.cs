using System.Data.Common;
using GroupBuyActors.Committing;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Placement;

/// <summary>
/// Ownership of shards: rows of <c>shard_owner</c>. A release names the successor as the owner at once; the successor's
/// take finds them its own. Rows are locked in the order of the primary key by every statement, so that two takers wait
/// and do not deadlock. Epochs only grow.
/// </summary>
internal sealed class Shards(Database database)
{
    private static readonly Raw Columns = new("shard, owner_address, owner_slot, epoch");

    /// <summary>All 2,048 rows.</summary>
    public async Task<IReadOnlyList<ShardRow>> ReadAsync(CancellationToken cancellation) =>
        await database
            .ReadAsync(
                (session, ct) => session.ListAsync($"select {Columns} from shard_owner order by shard", Row, ct),
                cancellation
            )
            .ConfigureAwait(false);

    /// <summary>
    /// Takes those of the shards that nobody owns, that were released to <paramref name="self"/>, or whose owner is
    /// among <paramref name="fenced"/> (addresses whose streams are dead), in one statement; gives those now owned by
    /// self.
    /// </summary>
    public async Task<IReadOnlyList<ShardRow>> TakeAsync(
        SiloIdentity self,
        IReadOnlyCollection<ShardId> shards,
        IReadOnlyCollection<string> fenced,
        CancellationToken cancellation
    )
    {
        if (shards.Count == 0)
            return [];
        var wanted = Numbers(shards);
        // A new life of this silo is a new address: what its former life held is taken only once that is fenced.
        var others = fenced.Where(address => address != self.Address).ToList();
        SqlText free = $"owner_address is null";
        if (others.Count > 0)
            free = $"(owner_address is null or owner_address in ({SqlText.Values(others)}))";
        return await database
            .WriteAsync(
                async (session, ct) =>
                {
                    await session
                        .ExecuteAsync(
                            $"""
                            update shard_owner set owner_address = {self.Address}, owner_slot = {self.Slot},
                              epoch = epoch + 1 where shard in ({wanted}) and {free}
                            """,
                            ct
                        )
                        .ConfigureAwait(false);
                    return await session
                        .ListAsync(
                            $"""
                            select {Columns} from shard_owner where shard in ({wanted})
                              and owner_address = {self.Address} order by shard
                            """,
                            Row,
                            ct
                        )
                        .ConfigureAwait(false);
                },
                cancellation
            )
            .ConfigureAwait(false);
    }

    /// <summary>Gives owned shards to a successor by name (its address), or to nobody.</summary>
    public async Task ReleaseAsync(
        SiloIdentity self,
        IReadOnlyCollection<ShardId> shards,
        SiloIdentity? successor,
        CancellationToken cancellation
    )
    {
        if (shards.Count == 0)
            return;
        await database
            .WriteAsync(
                $"""
                update shard_owner set owner_address = {successor?.Address}, owner_slot = {successor?.Slot},
                  epoch = epoch + 1 where shard in ({Numbers(shards)}) and owner_address = {self.Address}
                """,
                cancellation
            )
            .ConfigureAwait(false);
    }

    private static Raw Numbers(IEnumerable<ShardId> shards) =>
        SqlText.Numbers(shards.Select(shard => shard.Index).Order());

    private static ShardRow Row(DbDataReader row) =>
        new(new ShardId(row.GetInt32(0)), row.Text(1), row.Text(2), row.GetInt64(3));
}
