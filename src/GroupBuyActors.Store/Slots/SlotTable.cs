using System.Security.Cryptography;

namespace GroupBuyActors.Store.Slots;

/// <summary>
/// What each database says of itself in its table <c>store_slots</c>: the merchant slots that it holds, and which
/// cluster's it is, by a number that the first database drew. Written by the first silo that starts on it and never
/// changed, so that no silo reads or writes a merchant's groups in a database that does not have them.
/// </summary>
internal sealed class SlotTable(SlotStores stores)
{
    /// <summary>
    /// Throws <see cref="StoreUnusableException"/> if a database does not hold what it is configured for.
    /// </summary>
    public async Task CheckAsync(CancellationToken cancellation)
    {
        var cluster = RandomNumberGenerator.GetHexString(32, lowercase: true);
        foreach (var store in stores.All)
        {
            var held = await ClaimAsync(store, cluster, cancellation).ConfigureAwait(false);
            if (held.Range != store.Range)
                throw new StoreUnusableException(
                    $"The database that is configured for merchant slots {store.Range} holds slots {held.Range}. "
                        + "Two ranges may have the same database, or ranges were changed, which needs the rows to be "
                        + "moved first."
                );
            if (store == stores.First)
                cluster = held.Cluster;
            else if (held.Cluster != cluster)
                throw new StoreUnusableException(
                    $"The database of merchant slots {store.Range} belongs to another cluster than that of slots "
                        + $"{stores.First.Range}; correct the connection strings."
                );
        }
    }

    private static async Task<(SlotRange Range, string Cluster)> ClaimAsync(
        SlotStore store,
        string cluster,
        CancellationToken cancellation
    )
    {
        var database = store.Database;
        await database
            .WriteAsync(
                $"""
                {database.Dialect.InsertIgnore} into store_slots (id, first_slot, last_slot, cluster)
                  values (1, {store.Range.First}, {store.Range.Last}, {cluster})
                """,
                cancellation
            )
            .ConfigureAwait(false);
        var rows = await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"select first_slot, last_slot, cluster from store_slots where id = 1",
                        row => (new SlotRange(row.GetInt32(0), row.GetInt32(1)), row.GetString(2)),
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
        return rows[0];
    }
}
