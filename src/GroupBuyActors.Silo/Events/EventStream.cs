using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using GroupBuyActors.Silo.Http;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Silo.Events;

/// <summary>
/// Writes a group's events to one watcher as server-sent events: first stored ones from the journal, then new ones from
/// the group's <see cref="GroupFeed"/>; in order and without gaps, on any silo. It ends when the caller disconnects or
/// the silo stops; the caller resumes after the last id that it has seen.
/// </summary>
internal sealed class EventStream(
    GroupFeeds feeds,
    IHostApplicationLifetime lifetime,
    IOptions<EdgeOptions> options,
    TimeProvider time,
    ILogger<EventStream> log
)
{
    public const string ContentType = "text/event-stream";

    /// <summary>Events that are written before each flush; a flush waits for a slow watcher.</summary>
    private const int FramesAtOnce = 100;

    /// <summary>
    /// Writes until the caller disconnects or the silo stops; false, with nothing written, if there are too many
    /// streams.
    /// </summary>
    public async Task<bool> TryWriteAsync(HttpContext context, GroupId group, long after)
    {
        if (feeds.TryWatch(group) is not { } feed)
            return false;
        try
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(
                context.RequestAborted,
                lifetime.ApplicationStopping
            );
            EdgeLog.StreamOpened(log, group, after);
            await WriteAsync(context, feed, after, ending.Token);
        }
        finally
        {
            feeds.Leave(feed);
        }

        return true;
    }

    private async Task WriteAsync(HttpContext context, GroupFeed feed, long after, CancellationToken ending)
    {
        var response = context.Response;
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-cache, no-store";
        // Tells a reverse proxy not to buffer.
        response.Headers["X-Accel-Buffering"] = "no";
        try
        {
            await response.StartAsync(ending);
            await response.BodyWriter.FlushAsync(ending);
            if (HeadRequest.Is(context))
                return;
            await FollowAsync(response.BodyWriter, feed, after, ending);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The normal end of a stream.
        }
    }

    private async Task FollowAsync(PipeWriter writer, GroupFeed feed, long after, CancellationToken ending)
    {
        var lastWrite = time.GetTimestamp();
        while (true)
        {
            var (frames, more) = feed.After(after, FramesAtOnce);
            frames ??= await feeds.ReadAsync(feed.Group, after, ending);
            if (frames.Count == 0)
            {
                lastWrite = await WaitAsync(writer, more, lastWrite, ending);
                continue;
            }

            foreach (var frame in frames)
            {
                if (frame.Sequence != after + 1)
                    WriteRemoved(writer, frame.Sequence - 1);
                writer.Write(frame.Bytes.Span);
                after = frame.Sequence;
            }

            await writer.FlushAsync(ending);
            lastWrite = time.GetTimestamp();
        }
    }

    /// <summary>
    /// Writes a comment for missing events: sequences have no gaps, so they were removed by retention.
    /// </summary>
    private static void WriteRemoved(IBufferWriter<byte> writer, long through) =>
        writer.Write(
            Encoding.UTF8.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $": events up to {through} are no longer stored\n\n")
            )
        );

    // Without events, a comment keeps proxies and callers from closing the connection.
    private async Task<long> WaitAsync(PipeWriter writer, Task more, long lastWrite, CancellationToken ending)
    {
        var idle = options.Value.CommentInterval - time.GetElapsedTime(lastWrite);
        if (idle > TimeSpan.Zero)
            await more.WaitAsync(idle, time, ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ending.ThrowIfCancellationRequested();
        if (more.IsCompleted || time.GetElapsedTime(lastWrite) < options.Value.CommentInterval)
            return lastWrite;
        writer.Write(": keep-alive\n\n"u8);
        await writer.FlushAsync(ending);
        return time.GetTimestamp();
    }
}
