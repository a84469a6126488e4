using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Relay;

/// <summary>What happens on the way from streams to sinks (event ids 4000–4099).</summary>
internal static partial class RelayLog
{
    [LoggerMessage(
        4000,
        LogLevel.Warning,
        "Sink {Sink} of stream {Stream} is too far behind for memory: it reads from the table until it has caught up."
    )]
    public static partial void Behind(ILogger log, long stream, string sink);

    [LoggerMessage(
        4001,
        LogLevel.Warning,
        "Sink {Sink} did not take a stretch of stream {Stream}; it is offered again."
    )]
    public static partial void NotTaken(ILogger log, Exception exception, long stream, string sink);

    [LoggerMessage(4002, LogLevel.Information, "Stream {Stream} of a silo that is gone is drained.")]
    public static partial void Drained(ILogger log, long stream);

    [LoggerMessage(
        4003,
        LogLevel.Warning,
        "Sink {Sink} could not be given the rest of stream {Stream} in time; whoever adopts the stream does it."
    )]
    public static partial void NotFlushed(ILogger log, Exception exception, long stream, string sink);

    [LoggerMessage(
        4004,
        LogLevel.Error,
        "Event {Sequence} of group {GroupId} is refused for good by {Sink} ({Reason}): the group is parked, with all its later events, until an operator has it tried again or passed over."
    )]
    public static partial void Parked(ILogger log, GroupId groupId, long sequence, string sink, string reason);

    [LoggerMessage(4005, LogLevel.Information, "Group {GroupId} goes on to {Sink} from event {Sequence}.")]
    public static partial void Resumed(ILogger log, GroupId groupId, long sequence, string sink);

    [LoggerMessage(
        4006,
        LogLevel.Error,
        "Group {GroupId} cannot be brought into the lists and books from event {Sequence} of stream {Stream} on: it is set aside, alone, and tried again from time to time."
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
        "Group {GroupId}, which was set aside, is in the lists and books as far as stream {Stream} tells."
    )]
    public static partial void Projected(ILogger log, GroupId groupId, long stream);
}
