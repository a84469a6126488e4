using System.Globalization;
using System.Text.RegularExpressions;
using GroupBuyActors.Integrations.Kafka;
using GroupBuyActors.Silo.Settings;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>
/// Where events are published (<c>GroupBuy:Kafka</c>). All silos of a cluster need the same settings, because a silo
/// that adopts a stream publishes the rest of it.
/// </summary>
internal static partial class KafkaSettings
{
    /// <summary>The settings, or null if no broker is set: then nothing is published.</summary>
    public static KafkaOptions? Read(SettingsReader kafka)
    {
        var options = kafka.Bind<KafkaOptions>();
        if (options.BootstrapServers.Length == 0)
            return null;
        foreach (var wrong in options.BootstrapServers.Split(',').Where(address => !IsAddress(address)))
            kafka.Fault("BootstrapServers", $"must be host:port, not '{wrong}'");
        kafka
            .Section("Options")
            .Fault(options.Faults().Select(fault => (fault.Name.Length > 0 ? fault.Name : "*", fault.Fault)));
        return options;
    }

    private static bool IsAddress(string text) =>
        Address().Match(text) is { Success: true } match
        && int.Parse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture)
            is > 0
                and <= ushort.MaxValue;

    // A scheme is allowed, because brokers' own lists of listeners have one.
    [GeneratedRegex(@"^(?:[A-Z_]+://)?(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})$")]
    private static partial Regex Address();
}
