using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Placement;

/// <summary>
/// The liveness port of each run of a silo: rows of <c>silo_liveness</c>. A run is one address, which includes the
/// generation, so a row never changes.
/// </summary>
internal sealed class LivenessPorts(Database database)
{
    /// <summary>Stores the port of a run; called before the silo joins the cluster.</summary>
    public Task AddAsync(string silo, int port, CancellationToken cancellation) =>
        database.WriteAsync(
            $"""
            {database.Dialect.InsertIgnore} into silo_liveness (silo_address, port, created_ms)
              values ({silo}, {port}, {database.Dialect.NowMs})
            """,
            cancellation
        );

    /// <summary>The port of every run that is stored, by its address.</summary>
    public async Task<IReadOnlyDictionary<string, int>> ReadAsync(CancellationToken cancellation) =>
        (
            await database
                .ReadAsync(
                    (session, ct) =>
                        session.ListAsync(
                            $"select silo_address, port from silo_liveness",
                            row => (Silo: row.GetString(0), Port: row.GetInt32(1)),
                            ct
                        ),
                    cancellation
                )
                .ConfigureAwait(false)
        ).ToDictionary(row => row.Silo, row => row.Port, StringComparer.Ordinal);

    /// <summary>
    /// The addresses of runs that began longer ago than <paramref name="age"/> by the database's clock.
    /// </summary>
    public async Task<IReadOnlyList<string>> OlderThanAsync(TimeSpan age, CancellationToken cancellation) =>
        await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        // Reads the whole table: a row per silo, and one per silo that died within the last hours.
                        $"""
                        select silo_address from silo_liveness
                          where created_ms < {database.Dialect.NowMs} - {(long)age.TotalMilliseconds}
                          order by silo_address
                        """,
                        row => row.GetString(0),
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);

    /// <summary>Removes the rows of runs that are over.</summary>
    public Task RemoveAsync(IReadOnlyCollection<string> silos, CancellationToken cancellation) =>
        silos.Count == 0
            ? Task.CompletedTask
            : database.WriteAsync(
                $"""
                delete from silo_liveness
                  where silo_address in ({SqlText.Values(silos.Order(StringComparer.Ordinal))})
                """,
                cancellation
            );
}
