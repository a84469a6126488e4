namespace GroupBuyActors.Store;

/// <summary>The database that stores everything.</summary>
public enum StoreProvider
{
    /// <summary>One silo, one durable file (default).</summary>
    Sqlite,

    /// <summary>MySQL 8 or MariaDB 10.11: a cluster.</summary>
    MySql,
}

/// <summary>
/// Settings of the store (<c>GroupBuy:Storage</c>). Internal properties are fixed in a release; tests change some of
/// them.
/// </summary>
public sealed class StoreOptions
{
    /// <summary>Default: SQLite, which needs no installation.</summary>
    public StoreProvider Provider { get; set; } = StoreProvider.Sqlite;

    /// <summary>ADO.NET connection string (<c>ConnectionStrings:GroupBuy</c>).</summary>
    public string ConnectionString { get; set; } = "Data Source=data/groupbuy.db";

    /// <summary>
    /// Several databases instead of <see cref="ConnectionString"/> (<c>GroupBuy:Storage:Slots</c>): connection strings
    /// by range of merchant slots (merchant id modulo 128), such as <c>0-63</c> and <c>64-127</c>. Together they must
    /// have all slots. MySQL only. Empty: one database.
    /// </summary>
    public Dictionary<string, string> Slots { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// Lanes of the MySQL committer of each database, each with a connection and a stream: two, so that one slow round
    /// trip does not delay all commits.
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

    /// <summary>The outcome of a packet that is not answered within this time is unknown.</summary>
    internal TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Consecutive unknown outcomes of one batch after which the lane fences its stream and the process exits.
    /// </summary>
    internal int UnknownOutcomesMax { get; set; } = 60;

    /// <summary>
    /// How long a lane waits for a database that refuses everything (unreachable, read-only, full). After that, waiting
    /// commits fail and new ones are refused at once until a write succeeds. Shorter than callers' time-outs, longer
    /// than a quick restart.
    /// </summary>
    internal TimeSpan RefusalTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>An idle lane confirms its fence this often.</summary>
    internal TimeSpan FenceConfirmInterval { get; } = TimeSpan.FromSeconds(1);

    /// <summary>How often a lane tries a database that does not answer or accepts nothing.</summary>
    internal static readonly TimeSpan RecoveryInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a lane waits for a connection; a database that is back must not wait for an old try.</summary>
    internal static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Connections of the pool that serves reads.</summary>
    internal const int ReadConnectionsMax = 16;
}
