using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace GroupBuyActors.Client;

/// <summary>
/// Reads the events of all groups from Kafka into a view of yours, each exactly once, and in order per group.
/// </summary>
/// <remarks>
/// The topic delivers at least once: after the death of a producer, a broker or a reader events are repeated, always
/// with the same sequences. The view stores each group's last sequence in the same transaction as its own changes. Only
/// that sequence decides what is a repeat; the offsets at the broker only say where to begin reading, and are stored
/// after the transaction. So:
/// <list type="bullet">
/// <item>after a death before the transaction events are read again and stored; after a death behind it they are read
/// again and dropped;</item>
/// <item>if two consumers read a partition for a moment (a slow one whose partition was assigned to another), both
/// compare the sequence from which they started in their transaction, so the second one stores nothing;</item>
/// <item>if the view fails, its partition is retried with growing pauses, and is read only into a bounded queue;</item>
/// <item>if a sequence is missing, nothing after it is stored until <see cref="GroupEventConsumerOptions.OnGap"/> has
/// answered.</item>
/// </list>
/// What would break it: a view that stores effects and sequences in two transactions, or does not compare
/// <see cref="GroupEventCheckpoint.From"/>.
/// </remarks>
public sealed class GroupEventConsumer
{
    /// <summary>
    /// The name of the meter of its instruments: <c>consumer_lag{group}</c>,
    /// <c>consumer_events_total{group,outcome}</c>, <c>consumer_retries_total{group}</c>,
    /// <c>consumer_gaps_total{group}</c>, <c>consumer_batch_duration_seconds{group}</c>.
    /// </summary>
    public const string MeterName = "GroupBuyActors";

    private static readonly TimeSpan PollTimeout = TimeSpan.FromMilliseconds(50),
        QueryTimeout = TimeSpan.FromSeconds(1),
        EndInterval = TimeSpan.FromSeconds(1);

    private readonly GroupEventConsumerOptions _options;
    private readonly IGroupProjection _view;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ConcurrentDictionary<TopicPartition, PartitionWorker> _workers = new();
    private readonly CancellationTokenSource _failed = new();
    private Exception? _failure;
    private int _started;
    private long _queriedAt,
        _updatedAt;

    /// <summary>
    /// Creates a consumer without starting it; throws <see cref="ArgumentException"/> with all faults of the options.
    /// </summary>
    public GroupEventConsumer(
        GroupEventConsumerOptions options,
        IGroupProjection view,
        TimeProvider? time = null,
        ILogger<GroupEventConsumer>? log = null
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(view);
        options.Check();
        (_options, _view, _time, _log) = (
            options,
            view,
            time ?? TimeProvider.System,
            log ?? NullLogger<GroupEventConsumer>.Instance
        );
    }

    /// <summary>The present status.</summary>
    public GroupEventConsumerStatus Status
    {
        get
        {
            var workers = _workers.Values.ToArray();
            return new GroupEventConsumerStatus(
                workers.Length,
                workers.Count(worker => worker.IsPaused),
                workers.Sum(worker => worker.Lag),
                workers.Max(worker => worker.StoredAt),
                workers.Select(worker => worker.Failure).FirstOrDefault(failure => failure is not null)
            );
        }
    }

    /// <summary>
    /// Reads until the token is cancelled: then current batches are finished, their offsets are sent, and the
    /// partitions are released. Throws <see cref="GroupEventGapException"/>, the exception of a batch whose retries are
    /// used up, and <see cref="KafkaException"/> if the client cannot continue. Waits for unreachable brokers. May be
    /// called only once.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        if (Interlocked.Exchange(ref _started, 1) == 1)
            throw new InvalidOperationException("A consumer can be run only once; create a new one.");
        using var metrics = new GroupEventConsumerMetrics(
            _options.ConsumerGroup,
            () => _workers.Values.Sum(worker => worker.Lag)
        );
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _failed.Token);
        // Runs on a thread of its own, because the client library's call blocks and must be repeated all the time,
        // whatever the view does.
        await Task.Factory.StartNew(
            () => Poll(metrics, ending.Token),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
        if (_failure is null)
            return;
        GroupEventConsumerLog.Stopped(_log, _failure, _options.ConsumerGroup);
        ExceptionDispatchInfo.Throw(_failure);
    }

    private void Poll(GroupEventConsumerMetrics metrics, CancellationToken ending)
    {
        using var consumer = new ConsumerBuilder<byte[]?, byte[]?>(_options.ToConfig())
            .SetPartitionsAssignedHandler((reader, partitions) => Assign(reader, partitions, metrics))
            .SetPartitionsRevokedHandler(
                (_, partitions) => Revoke(partitions.Select(partition => partition.TopicPartition))
            )
            .SetPartitionsLostHandler((_, partitions) => Lose(partitions.Select(partition => partition.TopicPartition)))
            .SetErrorHandler((_, error) => HandleError(error))
            .SetLogHandler((_, message) => GroupEventConsumerLog.Kafka(_log, message.Message))
            .Build();
        consumer.Subscribe(_options.Topic);
        try
        {
            while (!ending.IsCancellationRequested)
                PollOnce(consumer);
        }
        finally
        {
            // Stopped before the consumer closes, so that their stored offsets are sent when it closes.
            Revoke(_workers.Keys);
            consumer.Close();
        }
    }

    private void PollOnce(IConsumer<byte[]?, byte[]?> consumer)
    {
        try
        {
            if (consumer.Consume(PollTimeout) is { } result)
                Enqueue(consumer, result);
            foreach (var worker in _workers.Values)
            {
                if (!worker.IsPaused || !worker.IsHalfEmpty)
                    continue;
                consumer.Resume([worker.Partition]);
                worker.IsPaused = false;
            }

            UpdateEnds(consumer);
        }
        catch (KafkaException fault) when (!fault.Error.IsFatal)
        {
            // For example, the topic does not exist yet or the coordinator moves: the library continues by itself.
            GroupEventConsumerLog.Kafka(_log, fault.Error.Reason);
        }
    }

    private void Enqueue(IConsumer<byte[]?, byte[]?> consumer, ConsumeResult<byte[]?, byte[]?> result)
    {
        if (!_workers.TryGetValue(result.TopicPartition, out var worker))
            return;
        if (result.IsPartitionEOF)
        {
            worker.ReachedEnd(result.Offset.Value);
            return;
        }

        worker.Add(result);
        if (!worker.IsFull)
            return;
        consumer.Pause([worker.Partition]);
        worker.IsPaused = true;
    }

    // The library knows the ends of partitions that it fetches; the end of a paused partition must be queried.
    private void UpdateEnds(IConsumer<byte[]?, byte[]?> consumer)
    {
        if (!IsTime(ref _updatedAt, EndInterval))
            return;
        foreach (var worker in _workers.Values)
            worker.EndsAt(consumer.GetWatermarkOffsets(worker.Partition).High.Value);
        if (!IsTime(ref _queriedAt, _options.LagInterval))
            return;
        foreach (var worker in _workers.Values)
            if (worker.IsPaused)
                worker.EndsAt(consumer.QueryWatermarkOffsets(worker.Partition, QueryTimeout).High.Value);
    }

    private bool IsTime(ref long last, TimeSpan interval)
    {
        if (last != 0 && _time.GetElapsedTime(last) < interval)
            return false;
        last = _time.GetTimestamp();
        return true;
    }

    private void Assign(
        IConsumer<byte[]?, byte[]?> consumer,
        List<TopicPartition> partitions,
        GroupEventConsumerMetrics metrics
    )
    {
        foreach (var partition in partitions)
        {
            GroupEventConsumerLog.Assigned(_log, $"{partition}", _options.ConsumerGroup);
            var worker = new PartitionWorker(
                partition,
                _view,
                _options,
                metrics,
                _log,
                _time,
                message => StoreOffset(consumer, message),
                Fail
            );
            _workers[partition] = worker;
            worker.Start();
        }
    }

    private void Revoke(IEnumerable<TopicPartition> partitions)
    {
        // Kafka waits for this, so nobody else reads these partitions yet.
        Task.WhenAll(Remove(partitions).Select(worker => worker.StopAsync())).GetAwaiter().GetResult();
    }

    private void Lose(IEnumerable<TopicPartition> partitions)
    {
        foreach (var worker in Remove(partitions))
            worker.Abandon();
    }

    private List<PartitionWorker> Remove(IEnumerable<TopicPartition> partitions)
    {
        var removed = new List<PartitionWorker>();
        foreach (var partition in partitions)
        {
            if (!_workers.TryRemove(partition, out var worker))
                continue;
            GroupEventConsumerLog.Revoked(_log, $"{partition}", _options.ConsumerGroup);
            removed.Add(worker);
        }

        return removed;
    }

    private void StoreOffset(IConsumer<byte[]?, byte[]?> consumer, ConsumeResult<byte[]?, byte[]?> message)
    {
        try
        {
            consumer.StoreOffset(message);
        }
        catch (Exception late) when (late is KafkaException or ObjectDisposedException)
        {
            // The partition was assigned to another consumer, which reads this message again and finds it stored.
            GroupEventConsumerLog.Kafka(_log, late.Message);
        }
    }

    private void HandleError(Error error)
    {
        if (error.IsFatal)
            Fail(new KafkaException(error));
        else
            GroupEventConsumerLog.Kafka(_log, error.Reason);
    }

    private void Fail(Exception fatal)
    {
        Interlocked.CompareExchange(ref _failure, fatal, null);
        _failed.Cancel();
    }
}
