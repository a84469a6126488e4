using System.ComponentModel.DataAnnotations;

namespace GroupBuyActors.Integrations.Http;

/// <summary>Options of one port's calls over HTTP.</summary>
public sealed record HttpPortOptions
{
    private const int CallsMax = 10_000;

    /// <summary>Callers wait 10 s for a port, so a longer budget would have no effect.</summary>
    private static readonly TimeSpan BudgetMax = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan TryTimeoutMin = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan BreakerTimeMin = TimeSpan.FromMilliseconds(500),
        BreakerTimeMax = TimeSpan.FromHours(1);

    /// <summary>
    /// The address of the service; its path is put before every route. Null: the port is not called over HTTP.
    /// </summary>
    public Uri? BaseUrl { get; init; }

    /// <summary>A secret that is sent as <c>Authorization: Bearer</c>; null: none is sent.</summary>
    public string? ApiKey { get; init; }

    /// <summary>
    /// The time-out of one try, including its whole answer: 3 s, so that three tries fit in the budget.
    /// </summary>
    public TimeSpan TryTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// The time-out of a call with all its tries and waits: 9 s, so that the caller, which waits 10 s, gets the reason.
    /// </summary>
    public TimeSpan Budget { get; init; } = TimeSpan.FromSeconds(9);

    /// <summary>Retries after the first try: 2. The timed task makes further ones, with longer waits.</summary>
    [Range(0, 10)]
    public int RetryCountMax { get; init; } = 2;

    /// <summary>The wait before the second try; it doubles each time, with jitter: 100 ms.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Concurrent calls, and connections: 256, as many as tasks of one type run on a silo.</summary>
    [Range(1, CallsMax)]
    public int ConcurrencyMax { get; init; } = 256;

    /// <summary>Calls that may wait for a slot: 128; further ones fail at once.</summary>
    [Range(0, CallsMax)]
    public int QueueMax { get; init; } = 128;

    /// <summary>The time-out of connecting: 2 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a connection is used, so that changes of DNS take effect: 2 min.</summary>
    public TimeSpan ConnectionLifetime { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The share of failed calls in a window at which the breaker opens: 50 %.</summary>
    [Range(1, 100)]
    public int BreakerFailurePercent { get; init; } = 50;

    /// <summary>The smallest number of calls in a window with which the breaker can open: 10.</summary>
    [Range(2, 1_000_000)]
    public int BreakerCallsMin { get; init; } = 10;

    /// <summary>The breaker's window: 10 s.</summary>
    public TimeSpan BreakerWindow { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time after which an open breaker allows one call: 5 s.</summary>
    public TimeSpan BreakerDuration { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest answer that is accepted: 1 MB.</summary>
    [Range(1_024, 64 * 1024 * 1024)]
    public int ResponseBytesMax { get; init; } = 1024 * 1024;

    /// <summary>The faults of these settings, if any.</summary>
    public IEnumerable<(string Setting, string Fault)> Faults()
    {
        if (
            BaseUrl is { } url
            && (
                !url.IsAbsoluteUri
                || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps)
                || url.Host.Length == 0
            )
        )
            yield return (nameof(BaseUrl), "must be an address such as https://stock.example.com/v1");
        else if (
            BaseUrl is { } address
            && (address.UserInfo.Length > 0 || address.Query.Length > 0 || address.Fragment.Length > 0)
        )
            yield return (
                nameof(BaseUrl),
                "must not contain credentials, a query or a fragment; put a secret in ApiKey"
            );
        if (ApiKey is { } key && (key.Length == 0 || key.AsSpan().ContainsAnyExceptInRange('!', '~')))
            yield return (nameof(ApiKey), "must be visible ASCII characters without spaces");
        if (Budget > BudgetMax)
            yield return (
                nameof(Budget),
                $"must be at most {BudgetMax.TotalSeconds} s, because the caller has given up after that"
            );
        if (TryTimeout < TryTimeoutMin || TryTimeout > Budget)
            yield return (nameof(TryTimeout), "must be between 10 ms and Budget");
        if (RetryDelay > Budget)
            yield return (nameof(RetryDelay), "must be at most Budget");
        if (ConnectTimeout > Budget)
            yield return (nameof(ConnectTimeout), "must be at most Budget");
        if (BreakerWindow < BreakerTimeMin || BreakerWindow > BreakerTimeMax)
            yield return (nameof(BreakerWindow), "must be between 500 ms and 1 h");
        if (BreakerDuration < BreakerTimeMin || BreakerDuration > BreakerTimeMax)
            yield return (nameof(BreakerDuration), "must be between 500 ms and 1 h");
    }

    /// <summary>Only the address, because the text may be logged and must have no secret.</summary>
    public override string ToString() => BaseUrl?.ToString() ?? "sandbox";
}
