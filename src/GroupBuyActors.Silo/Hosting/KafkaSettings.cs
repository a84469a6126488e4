using System.Globalization;
using System.Text.RegularExpressions;
using GroupBuyActors.Integrations.Kafka;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>
/// Where events are published: <c>GroupBuy:Kafka</c>. Options of the client are spelled as librdkafka does or, where a
/// shell takes no dot in a name, with underscores. Every silo of a cluster needs the same: whoever adopts a stream
/// publishes its rest.
/// </summary>
internal static partial class KafkaSettings
{
    private const int MessageBytesMin = 1_000;
    private static readonly string[] Names =
    [
        "BootstrapServers",
        "Topic",
        "CreateTopic",
        "Partitions",
        "ReplicationFactor",
        "MessageBytesMax",
        "Options",
    ];

    /// <summary>
    /// The settings, or null where no broker is named: then events go to subscribers in process only.
    /// </summary>
    public static KafkaOptions? Read(SettingsReader kafka)
    {
        foreach (var (name, _) in kafka.Children())
            if (!Names.Contains(name, StringComparer.OrdinalIgnoreCase))
                kafka.Fault(name, $"is an unknown setting; the known ones are {string.Join(", ", Names)}");
        if (kafka.Text("BootstrapServers") is not { } servers)
            return null;
        var addresses = servers.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var wrong in addresses.Where(address => !IsAddress(address)))
            kafka.Fault("BootstrapServers", $"must be host:port, not '{wrong}'");
        var topic = kafka.Text("Topic", "groupbuy.group-events");
        if (!Topic().IsMatch(topic))
            kafka.Fault(
                "Topic",
                $"must have 1 to 249 letters, digits, dots, hyphens and underscores, unlike '{topic}'"
            );
        var client = kafka.Section("Options");
        var options = new KafkaOptions
        {
            BootstrapServers = string.Join(',', addresses),
            Topic = topic,
            CreateTopic = kafka.Choice("CreateTopic", Answer.True) == Answer.True,
            Partitions = kafka.Int32("Partitions", 12, 1, 10_000),
            ReplicationFactor = kafka.Text("ReplicationFactor") is null
                ? (short)-1
                : (short)kafka.Int32("ReplicationFactor", 1, 1, 100),
            MessageBytesMax = kafka.Int32("MessageBytesMax", 1_000_000, MessageBytesMin, 1_000_000_000),
            Options = client
                .Children()
                .ToDictionary(option => option.Name.ToLowerInvariant().Replace('_', '.'), option => option.Value),
        };
        foreach (var (name, fault) in options.Faults())
            client.Fault(name.Length > 0 ? name : "*", fault);
        return options;
    }

    private static bool IsAddress(string text) =>
        Address().Match(text) is { Success: true } match
        && int.Parse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture)
            is > 0
                and <= ushort.MaxValue;

    [GeneratedRegex(@"^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$")]
    private static partial Regex Topic();

    // A scheme may stand before it, as brokers' own lists have it.
    [GeneratedRegex(@"^(?:[A-Z_]+://)?(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})$")]
    private static partial Regex Address();

    private enum Answer
    {
        False,
        True,
    }
}
