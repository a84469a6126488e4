using System.Globalization;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store;

/// <summary>
/// Keeps Orleans' grain storage from growing: state that is remembered for a time only goes when it is over.
/// </summary>
internal sealed class GrainStorageMaintenance(Database database)
{
    private static readonly string[] Age = ["ModifiedOn"],
        RowId = ["rowid"];

    /// <summary>
    /// Removes state of one kind that was written before a time, at most <paramref name="limit"/> rows; gives how many.
    /// A grain that holds it still would write it anew.
    /// </summary>
    // Index OrleansStorage_age, from its left edge.
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
