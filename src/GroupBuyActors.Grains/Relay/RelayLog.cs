using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Relay;

/// <summary>Log messages about forwarding streams to sinks.</summary>
internal static partial class RelayLog
{
    [LoggerMessage(
        4000,
        LogLevel.Warning,
        "Sink {Sink} of stream {Stream} fell behind the in-memory buffer and reads from the table until it has "
            + "caught up."
    )]
    public static partial void Behind(ILogger log, long stream, string sink);

    [LoggerMessage(
        4001,
        LogLevel.Warning,
        "Sink {Sink} failed on a batch of stream {Stream}; the batch will be retried."
    )]
    public static partial void NotTaken(ILogger log, Exception exception, long stream, string sink);

    [LoggerMessage(4002, LogLevel.Information, "Stream {Stream} of a dead silo is fully drained.")]
    public static partial void Drained(ILogger log, long stream);

    [LoggerMessage(
        4003,
        LogLevel.Warning,
        "Sink {Sink} could not receive the rest of stream {Stream} before shutdown; the silo that adopts the "
            + "stream continues."
    )]
    public static partial void NotFlushed(ILogger log, Exception exception, long stream, string sink);

    [LoggerMessage(
        4004,
        LogLevel.Error,
        "{Sink} rejected event {Sequence} of group {GroupId} permanently ({Reason}). The group's events are "
            + "parked until an operator retries or skips this event."
    )]
    public static partial void Parked(ILogger log, string groupId, long sequence, string sink, string reason);

    [LoggerMessage(
        4005,
        LogLevel.Information,
        "Group {GroupId} is released: {Sink} continues with its event {Sequence}."
    )]
    public static partial void Resumed(ILogger log, string groupId, long sequence, string sink);

    [LoggerMessage(
        4006,
        LogLevel.Error,
        "Lists and books cannot be updated for group {GroupId} from event {Sequence} of stream {Stream}. Only "
            + "this group is parked; it will be retried."
    )]
    public static partial void NotProjected(
        ILogger log,
        Exception exception,
        GroupId groupId,
        long sequence,
        long stream
    );

    [LoggerMessage(
        4007,
        LogLevel.Information,
        "Lists and books of the parked group {GroupId} are up to date with stream {Stream} again."
    )]
    public static partial void Projected(ILogger log, GroupId groupId, long stream);
}
