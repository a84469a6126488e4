using System.Security.Cryptography;

namespace GroupBuyActors.Client;

/// <summary>Options of a <see cref="GroupBuyClient"/>: key, time-outs and retries.</summary>
public sealed class GroupBuyClientOptions
{
    /// <summary>Secret of an API key, sent as <c>X-Api-Key</c>; null if the service needs none.</summary>
    public string? ApiKey { get; set; }

    /// <summary>
    /// The time-out of one try, after which the call is tried again: 12 s, longer than the service itself waits for a
    /// silo that dies.
    /// </summary>
    public TimeSpan TryTimeout { get; set; } = TimeSpan.FromSeconds(12);

    /// <summary>The same for a publication and a payment, for which the service calls another service: 20 s.</summary>
    public TimeSpan PortTryTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Retries after the first try: 8, enough to wait for the end of a silo's death.</summary>
    public int RetryCountMax { get; set; } = 8;

    /// <summary>The wait before the first retry; it doubles each time, with jitter: 50 ms.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest wait between two tries: 2 s.</summary>
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Creates idempotency keys: 128 random bits.</summary>
    public Func<string> NewIdempotencyKey { get; set; } = () => RandomNumberGenerator.GetHexString(32, lowercase: true);
}
