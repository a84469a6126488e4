using System.ComponentModel.DataAnnotations;
using GroupBuyActors.Client;

namespace GroupBuyActors.Silo.Http;

/// <summary>Settings of the HTTP API (<c>GroupBuy:Edge</c>).</summary>
internal sealed class EdgeOptions
{
    /// <summary>
    /// A command or read that is not answered within this time is sent once more beside it: 200 ms, far longer than a
    /// commit, and short enough that a call that died with its silo is answered by the next one within a second. Where
    /// answers take longer, so does this, up to <see cref="TryTimeoutMax"/>.
    /// </summary>
    public TimeSpan TryTimeout { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest time after which a command or read is sent once more: 1 s.</summary>
    public static readonly TimeSpan TryTimeoutMax = TimeSpan.FromSeconds(1);

    /// <summary>The longest look-up of whether a group exists: 1 s, for the store may be slow.</summary>
    public static readonly TimeSpan LookUpTimeout = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The same for a command that calls a port (a publication, a payment): 15 s, longer than the port's own 10 s.
    /// </summary>
    public TimeSpan PortTryTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long calls are retried while a silo dies or moves its groups: 10 s, longer than it takes until its groups
    /// are active on other silos.
    /// </summary>
    public TimeSpan Budget { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long calls are retried while the store accepts no changes: 2 s. Retries rarely help then, so the caller gets
    /// an answer early; and after one try once this silo knows that the store does not answer it.
    /// </summary>
    public TimeSpan StoreBudget { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The longest time of a read: 5 s, longer than the slowest page of a busy store, shorter than callers wait.
    /// </summary>
    public static readonly TimeSpan ReadBudget = TimeSpan.FromSeconds(5);

    /// <summary>The wait before the first retry; it doubles each time: 20 ms.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// The longest wait between two tries: 100 ms, because a call waits up to this long after the group is active on
    /// another silo.
    /// </summary>
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The same while the store accepts no changes, when retries cost it more: 400 ms.</summary>
    public static readonly TimeSpan StoreRetryDelayMax = TimeSpan.FromMilliseconds(400);

    /// <summary>
    /// The interval of comment lines on an event stream without events, which keep its connection open: 15 s.
    /// </summary>
    public TimeSpan CommentInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The largest number of HTTP connections: 10,000, or fewer if the store and the other silos need the file
    /// descriptors.
    /// </summary>
    [Range(16, 1_000_000)]
    public int ConnectionsMax { get; set; } = 10_000;

    /// <summary>
    /// How long a connection may be idle between two requests: 75 s, longer than the minute for which proxies keep
    /// theirs.
    /// </summary>
    public TimeSpan Idle { get; set; } = TimeSpan.FromSeconds(75);

    /// <summary>How long a connection may take to send a whole request: 10 s.</summary>
    public TimeSpan Silence { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The same for a connection on a spare slot: 2 s.</summary>
    public static readonly TimeSpan SpareSilence = TimeSpan.FromSeconds(2);

    /// <summary>The largest number of open event streams on this silo: 4,000.</summary>
    [Range(0, 1_000_000)]
    public int StreamsMax { get; set; } = 4_000;

    /// <summary>
    /// The longest comparison of a merchant's books with the ports': 15 s; the answer says that it is incomplete if the
    /// time was too short.
    /// </summary>
    public TimeSpan ReconciliationBound { get; set; } = TimeSpan.FromSeconds(15);

    internal CallPace Pace =>
        new()
        {
            TryTimeout = TryTimeout,
            TryTimeoutMax = TryTimeout > TryTimeoutMax ? TryTimeout : TryTimeoutMax,
            RetryDelay = RetryDelay,
        };
}
