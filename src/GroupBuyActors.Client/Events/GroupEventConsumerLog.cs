using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Client;

/// <summary>Log messages of consumers of events.</summary>
internal static partial class GroupEventConsumerLog
{
    [LoggerMessage(9000, LogLevel.Information, "Started reading {Partition} for {ConsumerGroup}.")]
    public static partial void Assigned(ILogger log, string partition, string consumerGroup);

    [LoggerMessage(9001, LogLevel.Information, "Stopped reading {Partition} for {ConsumerGroup}.")]
    public static partial void Revoked(ILogger log, string partition, string consumerGroup);

    [LoggerMessage(
        9002,
        LogLevel.Warning,
        "The current batch of {Partition} did not finish in time and was abandoned; the next reader continues "
            + "from what the view has stored."
    )]
    public static partial void Abandoned(ILogger log, string partition);

    [LoggerMessage(
        9003,
        LogLevel.Warning,
        "Storing {Events} messages of {Partition} from offset {Offset} failed (try {Try}); retrying in {Delay}."
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

    [LoggerMessage(
        9004,
        LogLevel.Error,
        "The message at offset {Offset} of {Partition} is not a valid event and was skipped: {Fault}"
    )]
    public static partial void Malformed(ILogger log, long offset, string partition, string fault);

    [LoggerMessage(9005, LogLevel.Warning, "Kafka: {Reason}")]
    public static partial void Kafka(ILogger log, string reason);

    [LoggerMessage(9006, LogLevel.Critical, "The consumer {ConsumerGroup} stopped.")]
    public static partial void Stopped(ILogger log, Exception exception, string consumerGroup);

    [LoggerMessage(9007, LogLevel.Information, "The abandoned batch of {Partition} was not stored.")]
    public static partial void EndedLate(ILogger log, Exception exception, string partition);
}
