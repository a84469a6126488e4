using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Client;

/// <summary>What happens to consumers of events (event ids 9000–9099).</summary>
internal static partial class GroupEventConsumerLog
{
    [LoggerMessage(9000, LogLevel.Information, "Reading {Partition} of {ConsumerGroup}.")]
    public static partial void Assigned(ILogger log, string partition, string consumerGroup);

    [LoggerMessage(9001, LogLevel.Information, "No longer reading {Partition} of {ConsumerGroup}.")]
    public static partial void Revoked(ILogger log, string partition, string consumerGroup);

    [LoggerMessage(
        9002,
        LogLevel.Warning,
        "The batch in hand of {Partition} did not end in time and is abandoned; whoever reads on asks the view what is stored."
    )]
    public static partial void Abandoned(ILogger log, string partition);

    [LoggerMessage(
        9003,
        LogLevel.Warning,
        "Storing {Events} messages of {Partition} from offset {Offset} failed (try {Try}); handled again in {Delay}."
    )]
    public static partial void Failed(
        ILogger log,
        Exception exception,
        int events,
        string partition,
        long offset,
        int @try,
        TimeSpan delay
    );

    [LoggerMessage(9004, LogLevel.Error, "Offset {Offset} of {Partition} is no event of ours: {Fault}")]
    public static partial void Malformed(ILogger log, long offset, string partition, string fault);

    [LoggerMessage(9005, LogLevel.Warning, "Kafka: {Reason}")]
    public static partial void Kafka(ILogger log, string reason);

    [LoggerMessage(9006, LogLevel.Critical, "The consumer {ConsumerGroup} stops.")]
    public static partial void Stopped(ILogger log, Exception exception, string consumerGroup);

    [LoggerMessage(9007, LogLevel.Information, "The abandoned batch of {Partition} ended without being stored.")]
    public static partial void EndedLate(ILogger log, Exception exception, string partition);
}
