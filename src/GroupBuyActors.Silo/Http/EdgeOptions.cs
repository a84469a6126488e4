using System.ComponentModel.DataAnnotations;

namespace GroupBuyActors.Silo.Http;

/// <summary>How the HTTP edge calls groups (<c>GroupBuy:Edge</c>).</summary>
internal sealed class EdgeOptions
{
    /// <summary>
    /// A plain command without an answer for this long is sent again: 1 s, far above a commit, below a caller's
    /// patience.
    /// </summary>
    public TimeSpan TryTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The same for a command that asks a port meanwhile (a publication, a payment): 15 s, above the port's own 10 s.
    /// </summary>
    public TimeSpan PortTryTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// A silo that dies or moves its groups is waited for this long: 10 s, above the time until its groups live
    /// elsewhere.
    /// </summary>
    public TimeSpan Budget { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A store that takes no change is waited for this long: 2 s. Only time helps, so the caller gets an answer
    /// early.
    /// </summary>
    public TimeSpan StoreBudget { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// A read without an answer for this long is given up, and a change while the store does not answer this silo: 5 s,
    /// above the slowest page of a busy store, below a caller's patience.
    /// </summary>
    public static readonly TimeSpan ReadBudget = TimeSpan.FromSeconds(5);

    /// <summary>Wait before the first retry, doubled each time: 20 ms.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Longest wait between two tries: 400 ms.</summary>
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromMilliseconds(400);

    /// <summary>
    /// The interval of comment lines on an event stream without events, which keep its connection open: 15 s.
    /// </summary>
    public TimeSpan CommentInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Connections of HTTP at once: 10,000, or what the limit of file descriptors leaves beside the store and the other
    /// silos.
    /// </summary>
    [Range(16, 1_000_000)]
    public int ConnectionsMax { get; set; } = 10_000;

    /// <summary>
    /// A connection between two requests is ended after this long: 75 s, above the minute that proxies keep theirs.
    /// </summary>
    public TimeSpan Idle { get; set; } = TimeSpan.FromSeconds(75);

    /// <summary>A connection on which no request came, or not to its end, is ended after this long: 10 s.</summary>
    public TimeSpan Silence { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The same for one that is there only to be told that all places are taken: 2 s.</summary>
    public static readonly TimeSpan SpareSilence = TimeSpan.FromSeconds(2);

    /// <summary>Live streams of events that may be open at once on this silo: 4,000.</summary>
    [Range(0, 1_000_000)]
    public int StreamsMax { get; set; } = 4_000;

    /// <summary>
    /// Comparing a merchant's books with the ports' takes no longer: 15 s; what was not compared by then is said to be
    /// missing.
    /// </summary>
    public TimeSpan ReconciliationBound { get; set; } = TimeSpan.FromSeconds(15);
}
