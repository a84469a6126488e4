using System.Threading.Channels;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Client;

/// <summary>
/// Stores one partition's messages in the view, in order, a batch at a time. A failing batch is retried in smaller
/// portions, so that in the end the failing event is alone and all events before it are stored; later ones wait for it.
/// Calls <c>offsetStored</c> with the last stored message, and <c>failed</c> with an exception that cannot be retried.
/// </summary>
internal sealed class PartitionWorker(
    TopicPartition partition,
    IGroupProjection view,
    GroupEventConsumerOptions options,
    GroupEventConsumerMetrics metrics,
    ILogger log,
    TimeProvider time,
    Action<ConsumeResult<byte[]?, byte[]?>> offsetStored,
    Action<Exception> failed
)
{
    private readonly Channel<ConsumeResult<byte[]?, byte[]?>> _queue = Channel.CreateUnbounded<
        ConsumeResult<byte[]?, byte[]?>
    >(new() { SingleReader = true, SingleWriter = true });
    private readonly EventDeduplicator _deduplicator = new(view, options, metrics);

    // Stopping: start no further batch and no further try. Abandoned: do not wait for the current batch any more.
    private readonly CancellationTokenSource _stopping = new(),
        _abandoned = new();
    private Task _run = Task.CompletedTask;
    private int _waiting;
    private long _position = -1,
        _end = -1,
        _storedAt;
    private Exception? _failure;

    public TopicPartition Partition => partition;

    /// <summary>True if the partition is paused because the queue is full; only used by the polling thread.</summary>
    public bool IsPaused { get; set; }

    public bool IsFull => Volatile.Read(ref _waiting) >= options.QueueSizeMax;

    public bool IsHalfEmpty => Volatile.Read(ref _waiting) <= options.QueueSizeMax / 2;

    public Exception? Failure => Volatile.Read(ref _failure);

    public DateTimeOffset? StoredAt =>
        Volatile.Read(ref _storedAt) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>Messages that are not stored yet, up to the known end of the partition.</summary>
    public long Lag =>
        Volatile.Read(ref _position) is >= 0 and var position ? Math.Max(0, Volatile.Read(ref _end) - position) : 0;

    public void Start() => _run = Task.Run(RunAsync);

    public void Add(ConsumeResult<byte[]?, byte[]?> message)
    {
        Interlocked.CompareExchange(ref _position, message.Offset.Value, -1);
        EndsAt(message.Offset.Value + 1);
        Interlocked.Increment(ref _waiting);
        _queue.Writer.TryWrite(message);
    }

    /// <summary>Records that the partition ends at this offset.</summary>
    public void EndsAt(long offset)
    {
        if (offset > Volatile.Read(ref _end))
            Volatile.Write(ref _end, offset);
    }

    /// <summary>Records that everything before this offset was read.</summary>
    public void ReachedEnd(long offset)
    {
        Interlocked.CompareExchange(ref _position, offset, -1);
        EndsAt(offset);
    }

    /// <summary>
    /// Waits for the current batch, for at most <c>HandOverTimeout</c>; the next consumer of the partition reads the
    /// queued messages.
    /// </summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        try
        {
            await _run.WaitAsync(options.HandOverTimeout, time);
        }
        catch (TimeoutException)
        {
            GroupEventConsumerLog.Abandoned(log, $"{partition}");
            await _abandoned.CancelAsync();
        }
    }

    /// <summary>Stops without waiting, because the partition was assigned to another consumer already.</summary>
    public void Abandon()
    {
        // Not awaited, because cancellation may run code of the view on the cancelling thread.
        _ = _stopping.CancelAsync();
        _ = _abandoned.CancelAsync();
    }

    private async Task RunAsync()
    {
        try
        {
            while (await _queue.Reader.WaitToReadAsync(_stopping.Token))
                await HandleAsync(Take());
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Stopped between two tries or batches: the offsets of the other messages are not stored, so they are read
            // again.
        }
        catch (Exception late) when (_abandoned.IsCancellationRequested)
        {
            GroupEventConsumerLog.EndedLate(log, late, $"{partition}");
        }
        catch (Exception fatal)
        {
            failed(fatal);
        }
    }

    private List<ConsumeResult<byte[]?, byte[]?>> Take()
    {
        var batch = new List<ConsumeResult<byte[]?, byte[]?>>();
        while (batch.Count < options.BatchSizeMax && _queue.Reader.TryRead(out var message))
            batch.Add(message);
        return batch;
    }

    private async Task HandleAsync(List<ConsumeResult<byte[]?, byte[]?>> batch)
    {
        var (at, portion, tries) = (0, batch.Count, 0);
        while (at < batch.Count)
        {
            _stopping.Token.ThrowIfCancellationRequested();
            var part = batch.GetRange(at, Math.Min(portion, batch.Count - at));
            var events = new List<GroupEventEnvelope>(part.Count);
            try
            {
                await StoreAsync(part, events);
                MarkStored(part);
                (at, portion, tries) = (at + part.Count, Math.Min(portion * 2, batch.Count), 0);
            }
            catch (Exception failure)
                when (failure is not GroupEventGapException && !_abandoned.IsCancellationRequested)
            {
                _deduplicator.Forget(events);
                if (tries >= options.RetryCountMax)
                    throw;
                if (failure is not CheckpointMovedException)
                    portion = Math.Max(1, part.Count / 2);
                await WaitAsync(failure, part, tries++);
            }
        }
    }

    private async Task StoreAsync(List<ConsumeResult<byte[]?, byte[]?>> part, List<GroupEventEnvelope> events)
    {
        foreach (var message in part)
        {
            if (CloudEventReader.TryRead(message.Message, out var happened, out var fault))
                events.Add(happened);
            else
                await RefuseAsync(message, fault);
        }

        if (await _deduplicator.DeduplicateAsync(events, _abandoned.Token) is not { } batch)
            return;
        var began = time.GetTimestamp();
        await view.StoreAsync(batch, _abandoned.Token);
        _deduplicator.Stored(batch);
        metrics.Stored(batch.Events.Count, time.GetElapsedTime(began));
    }

    private async ValueTask RefuseAsync(ConsumeResult<byte[]?, byte[]?> message, string fault)
    {
        if (options.OnMalformed is { } notified)
            await notified(
                new MalformedMessage(
                    partition.Partition.Value,
                    message.Offset.Value,
                    message.Message.Key,
                    message.Message.Value,
                    fault
                ),
                _abandoned.Token
            );
        GroupEventConsumerLog.Malformed(log, message.Offset.Value, $"{partition}", fault);
        metrics.Malformed();
    }

    private void MarkStored(List<ConsumeResult<byte[]?, byte[]?>> part)
    {
        Volatile.Write(ref _failure, null);
        Volatile.Write(ref _position, part[^1].Offset.Value + 1);
        Volatile.Write(ref _storedAt, time.GetUtcNow().UtcTicks);
        Interlocked.Add(ref _waiting, -part.Count);
        if (!_abandoned.IsCancellationRequested)
            offsetStored(part[^1]);
    }

    private async Task WaitAsync(Exception failure, List<ConsumeResult<byte[]?, byte[]?>> part, int tries)
    {
        Volatile.Write(ref _failure, failure);
        metrics.Retried();
        var delay = Math.Min(
            options.RetryDelay.TotalMilliseconds * Math.Pow(2, tries),
            options.RetryDelayMax.TotalMilliseconds
        );
        GroupEventConsumerLog.Failed(
            log,
            failure,
            part.Count,
            $"{partition}",
            part[0].Offset.Value,
            tries + 1,
            TimeSpan.FromMilliseconds(delay)
        );
        await Task.Delay(TimeSpan.FromMilliseconds(delay), time, _stopping.Token);
    }
}
