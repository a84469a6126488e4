using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Integrations.Kafka;

/// <summary>Log messages of the publisher to Kafka.</summary>
internal static partial class KafkaLog
{
    [LoggerMessage(6100, LogLevel.Information, "Created topic {Topic} with {Partitions} partitions.")]
    public static partial void Made(ILogger log, string topic, int partitions);

    [LoggerMessage(6101, LogLevel.Warning, "Topic {Topic} could not be created ({Reason}); it is assumed to exist.")]
    public static partial void NotMade(ILogger log, string topic, string reason);

    [LoggerMessage(6102, LogLevel.Warning, "Kafka: {Reason} (code {Code}).")]
    public static partial void ClientError(ILogger log, string reason, string code);

    [LoggerMessage(
        6103,
        LogLevel.Warning,
        "The Kafka producer failed ({Reason}); a new one continues from the first unacknowledged event."
    )]
    public static partial void Renewed(ILogger log, string reason);

    [LoggerMessage(6104, LogLevel.Debug, "Kafka client {Facility}: {Text}")]
    public static partial void Client(ILogger log, string facility, string text);
}
