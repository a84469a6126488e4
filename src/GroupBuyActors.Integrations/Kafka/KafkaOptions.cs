using System.ComponentModel.DataAnnotations;
using Confluent.Kafka;

namespace GroupBuyActors.Integrations.Kafka;

/// <summary>Where and how events are published.</summary>
public sealed class KafkaOptions
{
    /// <summary>
    /// How long events are collected for a batch; <c>linger.ms</c> in <see cref="Options"/> overrides it.
    /// </summary>
    private const double LingerMs = 5;

    /// <summary>
    /// Settings of the client that cannot be overridden, because the order of events depends on them, or because
    /// another setting determines them.
    /// </summary>
    private static readonly string[] Reserved =
    [
        "bootstrap.servers",
        "metadata.broker.list",
        "acks",
        "request.required.acks",
        "enable.idempotence",
        "enable.gapless.guarantee",
        "message.timeout.ms",
        "delivery.timeout.ms",
        "max.in.flight",
        "max.in.flight.requests.per.connection",
        "message.send.max.retries",
        "retries",
        "message.max.bytes",
        "allow.auto.create.topics",
        "partitioner",
        "transactional.id",
    ];

    /// <summary>
    /// The brokers to connect to first, <c>host:port</c>, separated by commas; empty: nothing is published.
    /// </summary>
    public string BootstrapServers
    {
        get;
        init =>
            field = string.Join(
                ',',
                value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            );
    } = "";

    /// <summary>The topic of all groups' events.</summary>
    [RegularExpression(
        @"(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}",
        ErrorMessage = "must have 1 to 249 letters, digits, dots, hyphens and underscores"
    )]
    public string Topic { get; init; } = "groupbuy.group-events";

    /// <summary>True to create the topic if it is missing.</summary>
    public bool CreateTopic { get; init; } = true;

    /// <summary>
    /// The partitions of a created topic. A group's events stay in one partition only as long as the number does not
    /// change.
    /// </summary>
    [Range(1, 10_000)]
    public int Partitions { get; init; } = 12;

    /// <summary>The replicas of a created topic; -1 for the cluster's default.</summary>
    [Range(1, 100)]
    public short ReplicationFactor { get; init; } = -1;

    /// <summary>
    /// The largest event; a larger one parks its group. At most the topic's limit (<c>max.message.bytes</c>).
    /// </summary>
    [Range(1_000, 1_000_000_000)]
    public int MessageBytesMax { get; init; } = 1_000_000;

    /// <summary>
    /// Other settings of the client by librdkafka's names, such as security and compression. For shells that allow no
    /// dots in names, underscores are read as dots.
    /// </summary>
    public IReadOnlyDictionary<string, string> Options
    {
        get;
        init => field = value.ToDictionary(one => one.Key.ToLowerInvariant().Replace('_', '.'), one => one.Value);
    } = new Dictionary<string, string>();

    /// <summary>The faults of the client's settings, by name; connects to nothing.</summary>
    public IEnumerable<(string Name, string Fault)> Faults()
    {
        var mine = Options.Keys.Where(name => Reserved.Contains(name, StringComparer.OrdinalIgnoreCase)).ToList();
        foreach (var name in mine)
            yield return (name, "cannot be set because the silo sets it itself");
        if (mine.Count > 0)
            yield break;
        var fault = Fault(out var about);
        if (fault is not null)
            yield return (about, fault);
    }

    /// <summary>The configuration of the client.</summary>
    internal ProducerConfig Producer()
    {
        var config = new ProducerConfig
        {
            BootstrapServers = BootstrapServers,
            Acks = Acks.All,
            EnableIdempotence = true,
            // A failed event stops the producer, so that no later event of its group is published.
            EnableGaplessGuarantee = true,
            // No event expires, because later ones would be published without it.
            MessageTimeoutMs = 0,
            MessageMaxBytes = MessageBytesMax,
            LingerMs = LingerMs,
            CompressionType = CompressionType.Lz4,
            // The default of Java's clients, so that other producers use the same partitions for these keys.
            Partitioner = Partitioner.Murmur2Random,
            AllowAutoCreateTopics = false,
            QueueBufferingMaxMessages = 100_000,
            QueueBufferingMaxKbytes = 65_536,
            SocketKeepaliveEnable = true,
            // A broker that does not answer is given up after this time instead of the client's minute.
            SocketTimeoutMs = 10_000,
            RequestTimeoutMs = 8_000,
            // A broker that returns is found within a second, however long it was unreachable.
            ReconnectBackoffMaxMs = 1_000,
            ClientId = "groupbuy",
        };
        foreach (var (name, value) in Options)
            config.Set(name, value);
        return config;
    }

    private string? Fault(out string about)
    {
        var config = Producer();
        config.BootstrapServers = null;
        about = Options.Count == 1 ? Options.Keys.First() : "";
        try
        {
            using var producer = new ProducerBuilder<string, byte[]>(config)
                .SetLogHandler((_, _) => { })
                .SetErrorHandler((_, _) => { })
                .Build();
            return null;
        }
        catch (Exception e)
            when (e is InvalidOperationException or ArgumentException or KafkaException or FormatException)
        {
            return e.Message.TrimEnd('.');
        }
    }
}
