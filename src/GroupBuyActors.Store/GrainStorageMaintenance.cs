using System.Globalization;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store;

/// <summary>Removes old state from Orleans' grain storage, of kinds that are kept for a limited time.</summary>
internal sealed class GrainStorageMaintenance(Database database)
{
    private static readonly string[] Age = ["ModifiedOn"],
        RowId = ["rowid"];

    /// <summary>
    /// Removes at most <paramref name="limit"/> rows of one kind that were written before a time, and returns their
    /// number. A grain that still has such a state in memory writes it again.
    /// </summary>
    // Index OrleansStorage_age, from its start.
    public Task<int> PurgeAsync(string stateName, DateTimeOffset before, int limit, CancellationToken cancellation)
    {
        var text = before.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
        return database.WriteAsync(
            (session, ct) =>
                session.ExecuteAsync(
                    database.Dialect.DeleteSome(
                        "OrleansStorage",
                        database is SqliteDatabase ? RowId : Age,
                        $"GrainTypeString = {stateName} and ModifiedOn < {text}",
                        limit
                    ),
                    ct
                ),
            cancellation
        );
    }
}
