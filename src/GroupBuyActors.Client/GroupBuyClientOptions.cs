using System.Security.Cryptography;

namespace GroupBuyActors.Client;

/// <summary>How a <see cref="GroupBuyClient"/> tries and tries again.</summary>
public sealed class GroupBuyClientOptions
{
    /// <summary>Secret of an API key, sent as <c>X-Api-Key</c>; null where the service is open.</summary>
    public string? ApiKey { get; set; }

    /// <summary>
    /// One try without an answer for this long is given up and tried again: 12 s, above the time the service itself
    /// waits for a silo that dies.
    /// </summary>
    public TimeSpan TryTimeout { get; set; } = TimeSpan.FromSeconds(12);

    /// <summary>
    /// The same for a publication and a payment, where the service asks another service meanwhile: 20 s.
    /// </summary>
    public TimeSpan PortTryTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Tries after the first: 8. A silo's death is over well before they are used up.</summary>
    public int RetryCountMax { get; set; } = 8;

    /// <summary>Wait before the first retry, doubled each time, with jitter: 50 ms.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Longest wait between two tries: 2 s.</summary>
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Where idempotency keys come from: 128 random bits.</summary>
    public Func<string> NewIdempotencyKey { get; set; } = () => RandomNumberGenerator.GetHexString(32, lowercase: true);
}
