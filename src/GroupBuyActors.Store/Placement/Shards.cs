using System.Data.Common;
using GroupBuyActors.Committing;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Placement;

/// <summary>
/// Ownership of shards: rows of <c>shard_owner</c>. A release stores the successor as the owner at once; when the
/// successor takes the shards, it finds that it owns them. Every statement locks rows in the order of the primary key,
/// so that two silos that take shards wait for each other and do not deadlock. Epochs only grow.
/// </summary>
internal sealed class Shards(Database database) : IShards
{
    private static readonly Raw Columns = new("shard, owner_address, owner_slot, epoch");

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ShardRow>> ReadAsync(CancellationToken cancellation) =>
        await database
            .ReadAsync(
                (session, ct) => session.ListAsync($"select {Columns} from shard_owner order by shard", Row, ct),
                cancellation
            )
            .ConfigureAwait(false);

    /// <inheritdoc/>
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
        // A restarted silo has a new address: the shards of its former address are taken only once that is fenced.
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

    /// <inheritdoc/>
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
