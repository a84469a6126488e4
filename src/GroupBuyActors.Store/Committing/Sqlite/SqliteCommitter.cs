using GroupBuyActors.Store.Databases;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Store.Committing.Sqlite;

/// <summary>
/// Commits to a SQLite file: one lane, since a file has one writer, in the only process that owns the file.
/// </summary>
internal sealed class SqliteCommitter(
    SqliteDatabase database,
    StoreOptions options,
    TimeProvider time,
    ILogger<SqliteCommitter> log,
    CommitMetrics? metrics = null
) : Committer(options, lanes: 1, time, log, metrics)
{
    private readonly StoreOptions _options = options;
    private readonly TimeProvider _time = time;
    private SqliteOwnership? _ownership;

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        AfterStop();
    }

    /// <inheritdoc/>
    protected override LaneWriter NewWriter() =>
        new SqliteLaneWriter(database, _options, _time, Metrics, log) { LowestSlot = LowestSlot };

    /// <inheritdoc/>
    protected override Task BeforeStartAsync(CancellationToken cancellation)
    {
        _ownership = SqliteOwnership.Take(database.Path);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override void AfterStop()
    {
        _ownership?.Dispose();
        _ownership = null;
    }
}
