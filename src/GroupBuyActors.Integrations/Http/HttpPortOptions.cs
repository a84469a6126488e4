using System.ComponentModel.DataAnnotations;

namespace GroupBuyActors.Integrations.Http;

/// <summary>How one port is called over HTTP.</summary>
public sealed record HttpPortOptions
{
    private const int CallsMax = 10_000;

    /// <summary>A caller gives a port up after 10 s; a budget above that would never be told.</summary>
    private static readonly TimeSpan BudgetMax = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan TryTimeoutMin = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan BreakerTimeMin = TimeSpan.FromMilliseconds(500),
        BreakerTimeMax = TimeSpan.FromHours(1);

    /// <summary>
    /// Where the service is; a path in it goes before every route. Null: the port is not called over HTTP.
    /// </summary>
    public Uri? BaseUrl { get; init; }

    /// <summary>Sent as <c>Authorization: Bearer</c>; null: nothing is sent.</summary>
    public string? ApiKey { get; init; }

    /// <summary>
    /// A try without a whole answer for this long has failed: 3 s, so that three tries fit the budget.
    /// </summary>
    public TimeSpan TryTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// A call with all its tries and waits ends within this: 9 s, so that the port's own words come before its caller's
    /// bound of 10 s.
    /// </summary>
    public TimeSpan Budget { get; init; } = TimeSpan.FromSeconds(9);

    /// <summary>Tries after the first: 2. Further ones are the timed task's, whose waits are longer.</summary>
    [Range(0, 10)]
    public int RetryCountMax { get; init; } = 2;

    /// <summary>Wait before the second try, doubled each time, with jitter: 100 ms.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Calls at the same time, and with them connections: 256, as many as tasks of one type run on a silo.
    /// </summary>
    [Range(1, CallsMax)]
    public int ConcurrencyMax { get; init; } = 256;

    /// <summary>Calls that wait for a place: 128; the next is not made at all.</summary>
    [Range(0, CallsMax)]
    public int QueueMax { get; init; } = 128;

    /// <summary>A connection that is not there after this has failed: 2 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// A connection is used at most this long, so that a change of addresses in DNS is followed: 2 min.
    /// </summary>
    public TimeSpan ConnectionLifetime { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The breaker opens where this share of the calls of its window failed: 50 %.</summary>
    [Range(1, 100)]
    public int BreakerFailurePercent { get; init; } = 50;

    /// <summary>Fewer calls than this in a window say nothing: 10.</summary>
    [Range(2, 1_000_000)]
    public int BreakerCallsMin { get; init; } = 10;

    /// <summary>How far back the breaker looks: 10 s.</summary>
    public TimeSpan BreakerWindow { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>An open breaker lets one call try again after this: 5 s.</summary>
    public TimeSpan BreakerDuration { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>An answer longer than this is none: 1 MB.</summary>
    [Range(1_024, 64 * 1024 * 1024)]
    public int ResponseBytesMax { get; init; } = 1024 * 1024;

    /// <summary>What is wrong with these settings, by setting; nothing where all is well.</summary>
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

    /// <summary>The address alone: settings are printed where secrets must not be.</summary>
    public override string ToString() => BaseUrl?.ToString() ?? "sandbox";
}
