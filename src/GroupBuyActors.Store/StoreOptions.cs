namespace GroupBuyActors.Store;

/// <summary>Which database holds everything.</summary>
public enum StoreProvider
{
    /// <summary>One silo, one durable file (default).</summary>
    Sqlite,

    /// <summary>MySQL 8 or MariaDB 10.11: a cluster.</summary>
    MySql,
}

/// <summary>
/// Settings of the store (<c>GroupBuy:Storage</c>). What is internal is fixed in a release, each with its reason; tests
/// change some of it.
/// </summary>
public sealed class StoreOptions
{
    /// <summary>Default SQLite, so that one command runs.</summary>
    public StoreProvider Provider { get; set; } = StoreProvider.Sqlite;

    /// <summary>ADO.NET connection string (<c>ConnectionStrings:GroupBuy</c>).</summary>
    public string ConnectionString { get; set; } = "Data Source=data/groupbuy.db";

    /// <summary>
    /// Lanes of the MySQL committer, each with a connection and a stream: two, so that one slow round trip does not
    /// stop all.
    /// </summary>
    internal int Lanes { get; set; } = 2;

    /// <summary>Commits that may wait in a lane; beyond it reservations are refused.</summary>
    internal int LaneQueueMax { get; set; } = 20_000;

    /// <summary>Bytes of commits that may wait in a lane; beyond it reservations are refused.</summary>
    internal long LaneQueueBytesMax { get; set; } = 64 * 1024 * 1024;

    /// <summary>Commits in one transaction.</summary>
    internal int BatchCommitsMax { get; set; } = 512;

    /// <summary>
    /// Bytes in one transaction's packet; further bounded by a quarter of the server's max_allowed_packet.
    /// </summary>
    internal int BatchBytesMax { get; set; } = 4 * 1024 * 1024;

    /// <summary>A packet without an answer for this long has an unknown outcome.</summary>
    internal TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Unknown outcomes of one batch in a row after which the lane fences itself and the process exits.
    /// </summary>
    internal int UnknownOutcomesMax { get; set; } = 60;

    /// <summary>
    /// A database that refuses everything (it is away, read-only, full) is waited for this long. Then what waits is
    /// given up, and nothing is taken until a write succeeds: callers hear of it at once. Shorter than callers' own
    /// patience, longer than a quick restart.
    /// </summary>
    internal TimeSpan RefusalPatience { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>An idle lane confirms its fence this often.</summary>
    internal TimeSpan FenceConfirmInterval { get; } = TimeSpan.FromSeconds(1);

    /// <summary>Connections of the pool that serves reads.</summary>
    internal const int ReadConnectionsMax = 16;
}
