using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Client;

/// <summary>
/// Options of the client that calls silos without HTTP (<see cref="GroupBuyOrleansClientServices"/>). Checked when the
/// host starts, with all faults in one message.
/// </summary>
public sealed class GroupBuyOrleansClientOptions
{
    /// <summary>
    /// The silos' database, in which silos are found: a MySqlConnector string. A user that may read
    /// <c>OrleansQuery</c> and <c>OrleansMembershipTable</c> suffices. Null if <see cref="Gateways"/> are given.
    /// </summary>
    public string? ConnectionString { get; set; }

    /// <summary>
    /// The gateways of the silos, in place of the database: for one silo on SQLite, and for tests. A silo that is added
    /// is not found.
    /// </summary>
    public IReadOnlyList<IPEndPoint> Gateways { get; set; } = [];

    /// <summary>The silos' <c>GroupBuy__Cluster__ClusterId</c>: <c>groupbuy</c>.</summary>
    public string ClusterId { get; set; } = "groupbuy";

    /// <summary>The silos' <c>GroupBuy__Cluster__ServiceId</c>: <c>groupbuy</c>.</summary>
    public string ServiceId { get; set; } = "groupbuy";

    /// <summary>
    /// True if payments that this process reports are the provider's word, as those of the payment service are. False
    /// (default): the provider is asked before a payment is accepted.
    /// </summary>
    public bool IsPaymentService { get; set; }

    /// <summary>
    /// A call that is not answered within this time is sent once more beside it, with the same request key: 200 ms. If
    /// answers have become slower, later, at most after 1 s.
    /// </summary>
    public TimeSpan TryTimeout { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The same for a publication and a payment, for which another service is called: 15 s.</summary>
    public TimeSpan PortTryTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long a call is repeated before it throws: 15 s, longer than it takes until the groups of a silo that dies
    /// are active on others.
    /// </summary>
    public TimeSpan Budget { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The wait after the first try that failed; it doubles each time, with jitter: 20 ms.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// The longest wait between two tries: 100 ms; while a silo refuses because it or its database is overloaded, four
    /// times as long.
    /// </summary>
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How often the silos are read from the database: 5 s. A silo that dies is noticed at once by its connection; this
    /// is for those that come.
    /// </summary>
    public TimeSpan GatewayRefreshInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Creates request keys: 128 random bits.</summary>
    public Func<string> NewIdempotencyKey { get; set; } = () => RandomNumberGenerator.GetHexString(32, lowercase: true);

    internal CallPace Pace =>
        new()
        {
            TryTimeout = TryTimeout,
            TryTimeoutMax = TryTimeout > TimeSpan.FromSeconds(1) ? TryTimeout : TimeSpan.FromSeconds(1),
            RetryDelay = RetryDelay,
        };
}

/// <summary>Reports the faults of all options at once.</summary>
internal sealed class GroupBuyOrleansClientOptionsCheck : IValidateOptions<GroupBuyOrleansClientOptions>
{
    private static readonly TimeSpan OneMinute = TimeSpan.FromMinutes(1);

    public ValidateOptionsResult Validate(string? name, GroupBuyOrleansClientOptions options)
    {
        var faults = new List<string>();
        Unless(
            string.IsNullOrWhiteSpace(options.ConnectionString) != (options.Gateways.Count == 0),
            "Either ConnectionString or Gateways must be given."
        );
        if (!string.IsNullOrWhiteSpace(options.ConnectionString))
            CheckConnection(options.ConnectionString, faults);
        Unless(options.ClusterId.Length is >= 1 and <= 64, "ClusterId must have 1 to 64 characters.");
        Unless(options.ServiceId.Length is >= 1 and <= 64, "ServiceId must have 1 to 64 characters.");
        Unless(IsWithin(options.TryTimeout, 10), "TryTimeout must be between 10 ms and 1 minute.");
        Unless(
            IsWithin(options.PortTryTimeout, 10) && options.PortTryTimeout >= options.TryTimeout,
            "PortTryTimeout must be between TryTimeout and 1 minute."
        );
        Unless(
            options.Budget >= options.TryTimeout && options.Budget <= TimeSpan.FromMinutes(10),
            "Budget must be between TryTimeout and 10 minutes."
        );
        Unless(IsWithin(options.RetryDelay, 1), "RetryDelay must be between 1 ms and 1 minute.");
        Unless(
            options.RetryDelayMax >= options.RetryDelay && options.RetryDelayMax <= OneMinute,
            "RetryDelayMax must be between RetryDelay and 1 minute."
        );
        Unless(IsWithin(options.GatewayRefreshInterval, 500), "GatewayRefreshInterval must be 500 ms to 1 minute.");
        Unless(options.NewIdempotencyKey is not null, "NewIdempotencyKey must not be null.");
        return faults.Count == 0
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"The options of the Orleans client are invalid: {string.Join(' ', faults)}");

        void Unless(bool holds, string fault)
        {
            if (!holds)
                faults.Add(fault);
        }
    }

    private static bool IsWithin(TimeSpan time, int millisecondsMin) =>
        time >= TimeSpan.FromMilliseconds(millisecondsMin) && time <= OneMinute;

    private static void CheckConnection(string text, List<string> faults)
    {
        try
        {
            _ = new MySqlConnector.MySqlConnectionStringBuilder(text);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            // The text itself has a password.
            faults.Add($"ConnectionString is not a valid MySqlConnector string: {e.Message.TrimEnd('.')}.");
        }
    }
}
