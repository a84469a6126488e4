using GroupBuyActors.Store.Databases;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Store.Committing.MySql;

/// <summary>Commits to MySQL or MariaDB: several lanes, each with a connection of its own outside the pool.</summary>
internal sealed class MySqlCommitter(
    MySqlDatabase database,
    StoreOptions options,
    TimeProvider time,
    ILogger<MySqlCommitter> log,
    CommitMetrics? metrics = null
) : Committer(options, options.Lanes, time, log, metrics)
{
    private readonly StoreOptions _options = options;
    private readonly TimeProvider _time = time;

    /// <inheritdoc/>
    protected override LaneWriter NewWriter() =>
        new MySqlLaneWriter(database.ConnectionString, _options, _time, Metrics, log) { LowestSlot = LowestSlot };
}
