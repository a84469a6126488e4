using System.Buffers;
using System.Globalization;
using System.Text.Json;
using GroupBuyActors.Client;
using GroupBuyActors.Silo.Http;
using GroupBuyActors.Store.Reading;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Silo.Events;

/// <summary>
/// Writes a group's events as server-sent events: what is in the journal first, then what comes. The group only says <i>that</i>
/// there is more; the events themselves are read from the journal, so a stream shows what is durable and nothing else, in order and
/// without gaps, whichever silo serves it. It ends when the caller goes or the silo stops; the caller resumes after the last id seen.
/// </summary>
internal sealed class EventStream(
    GroupCalls groups, IGroupReader reader, IHostApplicationLifetime lifetime, IOptions<EdgeOptions> options, TimeProvider time, ILogger<EventStream> log)
{
    public const string ContentType = "text/event-stream";
    private const int PageSize = 500;
    private static readonly TimeSpan RetryWait = TimeSpan.FromMilliseconds(500);

    public async Task WriteAsync(HttpContext context, GroupId group, long after)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        EdgeLog.StreamOpened(log, group, after);
        context.Response.ContentType = ContentType;
        context.Response.Headers.CacheControl = "no-cache, no-store";
        // Tells a reverse proxy not to gather.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        try
        {
            await context.Response.StartAsync(ending.Token);
            await context.Response.BodyWriter.FlushAsync(ending.Token);
            if (HeadRequest.Is(context)) return;
            await FollowAsync(context.Response.BodyWriter, group, after, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The end of a stream is no fault.
        }
    }

    private async Task FollowAsync(System.IO.Pipelines.PipeWriter writer, GroupId group, long after, CancellationToken ending)
    {
        var lastWrite = time.GetTimestamp();
        Task<long?>? waiting = null;
        while (true)
        {
            var rows = await reader.HistoryAsync(group, after, PageSize, ending);
            if (rows.Count > 0)
            {
                foreach (var row in rows)
                {
                    if (row.Sequence != after + 1) WriteRemoved(writer, row.Sequence - 1);
                    Write(writer, row);
                    after = row.Sequence;
                }

                await writer.FlushAsync(ending);
                lastWrite = time.GetTimestamp();
                if (rows.Count == PageSize) continue;
            }

            waiting = WaitAsync(group, after, ending);
            while (!waiting.IsCompleted) lastWrite = await CommentAsync(writer, waiting, lastWrite, ending);
            await waiting;
        }
    }

    // While nothing happens, a comment keeps proxies and callers from giving up on the connection.
    private async Task<long> CommentAsync(System.IO.Pipelines.PipeWriter writer, Task waiting, long lastWrite, CancellationToken ending)
    {
        var quiet = options.Value.CommentInterval - time.GetElapsedTime(lastWrite);
        if (quiet > TimeSpan.Zero)
        {
            using var done = CancellationTokenSource.CreateLinkedTokenSource(ending);
            await Task.WhenAny(waiting, Task.Delay(quiet, time, done.Token));
            await done.CancelAsync();
            ending.ThrowIfCancellationRequested();
            return lastWrite;
        }

        writer.Write(": still here\n\n"u8);
        await writer.FlushAsync(ending);
        return time.GetTimestamp();
    }

    private async Task<long?> WaitAsync(GroupId group, long after, CancellationToken ending)
    {
        var sequence = await groups.WaitForEventsAsync(group, after, ending);
        if (sequence is null) await Task.Delay(RetryWait, time, ending);
        return sequence;
    }

    /// <summary>Sequences have no gaps: what is missing was removed after its time, and the stream says so.</summary>
    private static void WriteRemoved(IBufferWriter<byte> writer, long through) =>
        writer.Write(System.Text.Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $": events through {through} are not kept any more\n\n")));

    private static void Write(IBufferWriter<byte> writer, JournalRow row)
    {
        writer.Write(System.Text.Encoding.UTF8.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"id: {row.Sequence}\nevent: {row.Type}\ndata: ")));
        // JSON without indentation has no line break, so one data line holds it.
        writer.Write(JsonSerializer.SerializeToUtf8Bytes(HistoryEndpoints.Item(row), ContractJson.Options));
        writer.Write("\n\n"u8);
    }
}
