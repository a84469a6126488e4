using System.ComponentModel.DataAnnotations;
using Confluent.Kafka;

namespace GroupBuyActors.Integrations.Kafka;

/// <summary>Where and how events are published.</summary>
public sealed class KafkaOptions
{
    /// <summary>
    /// Events gather this long for a batch; <c>linger.ms</c> of <see cref="Options"/> goes before it.
    /// </summary>
    private const double LingerMs = 5;

    /// <summary>
    /// Settings of the client that cannot be overridden: the order of events depends on them, or another setting makes
    /// them.
    /// </summary>
    private static readonly string[] Ours =
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
    /// Brokers to begin with, <c>host:port</c>, several with commas between; empty: nothing is published.
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

    /// <summary>True where the topic is made if it is missing.</summary>
    public bool CreateTopic { get; init; } = true;

    /// <summary>
    /// Its partitions, should it be made. A group's events keep one partition only as long as the number stays.
    /// </summary>
    [Range(1, 10_000)]
    public int Partitions { get; init; } = 12;

    /// <summary>Its replicas, should it be made; -1 for the cluster's default.</summary>
    [Range(1, 100)]
    public short ReplicationFactor { get; init; } = -1;

    /// <summary>
    /// The largest event; one above it parks its group. At most what the topic takes (<c>max.message.bytes</c>).
    /// </summary>
    [Range(1_000, 1_000_000_000)]
    public int MessageBytesMax { get; init; } = 1_000_000;

    /// <summary>
    /// The client's own settings besides, by librdkafka's names: security, compression and the like. Where a shell
    /// takes no dot in a name, underscores stand for them.
    /// </summary>
    public IReadOnlyDictionary<string, string> Options
    {
        get;
        init => field = value.ToDictionary(one => one.Key.ToLowerInvariant().Replace('_', '.'), one => one.Value);
    } = new Dictionary<string, string>();

    /// <summary>What is wrong with the client's own settings, by name; nothing is connected to.</summary>
    public IEnumerable<(string Name, string Fault)> Faults()
    {
        var mine = Options.Keys.Where(name => Ours.Contains(name, StringComparer.OrdinalIgnoreCase)).ToList();
        foreach (var name in mine)
            yield return (name, "cannot be set because the silo sets it itself");
        if (mine.Count > 0)
            yield break;
        var fault = Fault(out var about);
        if (fault is not null)
            yield return (about, fault);
    }

    /// <summary>As the client wants it.</summary>
    internal ProducerConfig Producer()
    {
        var config = new ProducerConfig
        {
            BootstrapServers = BootstrapServers,
            Acks = Acks.All,
            EnableIdempotence = true,
            // An event that fails stops the producer, so that none of its group goes past it.
            EnableGaplessGuarantee = true,
            // None expires while later ones go out: what waits, waits.
            MessageTimeoutMs = 0,
            MessageMaxBytes = MessageBytesMax,
            LingerMs = LingerMs,
            CompressionType = CompressionType.Lz4,
            // Java's clients use the same: other producers of these keys find the same partitions.
            Partitioner = Partitioner.Murmur2Random,
            AllowAutoCreateTopics = false,
            QueueBufferingMaxMessages = 100_000,
            QueueBufferingMaxKbytes = 65_536,
            SocketKeepaliveEnable = true,
            // A broker that takes requests and answers none is given up after this: the client's own minute is as long
            // a silence of a silo.
            SocketTimeoutMs = 10_000,
            RequestTimeoutMs = 8_000,
            // A broker that is back is found within a second, however long it was away.
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
