using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace GroupBuyActors.Client;

/// <summary>
/// Reads the events of all groups from Kafka into a view of yours, each exactly once and in order per group.
/// </summary>
/// <remarks>
/// The topic delivers at least once: a producer, a broker or a reader that dies makes events come again, always as
/// whole repeats with the same sequence. The view keeps each group's last sequence in the transaction of what it makes
/// of the events. That sequence alone decides what is a repeat; the offsets at the broker only say where to begin
/// reading, and are noted after the transaction. So:
/// <list type="bullet">
/// <item>killed before the transaction: read again, stored; killed after it: read again, dropped;</item>
/// <item>two readers of one partition for a moment (a slow one whose partition is another's already): both compare the
/// sequence they began from within their transaction, so the second stores nothing;</item>
/// <item>a failing view: its partition waits, with growing pauses, and is not read further than a bounded queue;</item>
/// <item>a sequence that does not follow: nothing after it is stored before
/// <see cref="GroupEventConsumerOptions.OnGap"/> has answered.</item>
/// </list>
/// What would break it: a view that stores effects and sequences in two transactions, or does not compare
/// <see cref="GroupEventCheckpoint.From"/>.
/// </remarks>
public sealed class GroupEventConsumer
{
    /// <summary>
    /// The meter that its instruments are on: <c>consumer_lag{group}</c>, <c>consumer_events_total{group,outcome}</c>,
    /// <c>consumer_retries_total{group}</c>, <c>consumer_gaps_total{group}</c>,
    /// <c>consumer_batch_duration_seconds{group}</c>.
    /// </summary>
    public const string MeterName = "GroupBuyActors";

    private static readonly TimeSpan PollTimeout = TimeSpan.FromMilliseconds(50),
        QueryTimeout = TimeSpan.FromSeconds(1),
        EndInterval = TimeSpan.FromSeconds(1);

    private readonly GroupEventConsumerOptions _options;
    private readonly IGroupProjection _view;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ConcurrentDictionary<TopicPartition, PartitionWorker> _lanes = new();
    private readonly CancellationTokenSource _failed = new();
    private Exception? _failure;
    private int _started;
    private long _askedAt,
        _lookedAt;

    /// <summary>
    /// A consumer that has not begun; throws <see cref="ArgumentException"/> with all that is wrong with the options.
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

    /// <summary>How it stands now.</summary>
    public GroupEventConsumerStatus Status
    {
        get
        {
            var lanes = _lanes.Values.ToArray();
            return new GroupEventConsumerStatus(
                lanes.Length,
                lanes.Count(lane => lane.IsPaused),
                lanes.Sum(lane => lane.Lag),
                lanes.Max(lane => lane.StoredAt),
                lanes.Select(lane => lane.Failure).FirstOrDefault(failure => failure is not null)
            );
        }
    }

    /// <summary>
    /// Reads until the token ends it: then the batches in hand are finished, their offsets sent, and the partitions
    /// given back. Throws <see cref="GroupEventGapException"/>, what a batch met whose tries are used up, and
    /// <see cref="KafkaException"/> where the client cannot go on. Brokers that are away are waited for. To be called
    /// once.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        if (Interlocked.Exchange(ref _started, 1) == 1)
            throw new InvalidOperationException("A consumer can be run only once; create a new one.");
        using var metrics = new GroupEventConsumerMetrics(
            _options.ConsumerGroup,
            () => _lanes.Values.Sum(lane => lane.Lag)
        );
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _failed.Token);
        // A thread of its own: the client library's call blocks, and must be made again and again, whatever the view
        // does.
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
            .SetErrorHandler((_, error) => Met(error))
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
            // Stopped before the consumer closes, so that what they note is sent with it.
            Revoke(_lanes.Keys);
            consumer.Close();
        }
    }

    private void PollOnce(IConsumer<byte[]?, byte[]?> consumer)
    {
        try
        {
            if (consumer.Consume(PollTimeout) is { } result)
                Take(consumer, result);
            foreach (var lane in _lanes.Values)
            {
                if (!lane.IsPaused || !lane.IsHalfEmpty)
                    continue;
                consumer.Resume([lane.Partition]);
                lane.IsPaused = false;
            }

            LookAtEnds(consumer);
        }
        catch (KafkaException fault) when (!fault.Error.IsFatal)
        {
            // A topic that is not there yet, a coordinator that moves: the library goes on by itself.
            GroupEventConsumerLog.Kafka(_log, fault.Error.Reason);
        }
    }

    private void Take(IConsumer<byte[]?, byte[]?> consumer, ConsumeResult<byte[]?, byte[]?> result)
    {
        if (!_lanes.TryGetValue(result.TopicPartition, out var lane))
            return;
        if (result.IsPartitionEOF)
        {
            lane.ReachedEnd(result.Offset.Value);
            return;
        }

        lane.Add(result);
        if (!lane.IsFull)
            return;
        consumer.Pause([lane.Partition]);
        lane.IsPaused = true;
    }

    // The library knows the end of what it fetches; of a paused partition nothing is fetched, so its end is asked for.
    private void LookAtEnds(IConsumer<byte[]?, byte[]?> consumer)
    {
        if (!IsTime(ref _lookedAt, EndInterval))
            return;
        foreach (var lane in _lanes.Values)
            lane.EndsAt(consumer.GetWatermarkOffsets(lane.Partition).High.Value);
        if (!IsTime(ref _askedAt, _options.LagInterval))
            return;
        foreach (var lane in _lanes.Values)
            if (lane.IsPaused)
                lane.EndsAt(consumer.QueryWatermarkOffsets(lane.Partition, QueryTimeout).High.Value);
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
            var lane = new PartitionWorker(
                partition,
                _view,
                _options,
                metrics,
                _log,
                _time,
                message => Note(consumer, message),
                Fail
            );
            _lanes[partition] = lane;
            lane.Start();
        }
    }

    private void Revoke(IEnumerable<TopicPartition> partitions)
    {
        // The group waits for this reader meanwhile, for as long as it takes to hand over: nobody else reads these
        // partitions yet.
        Task.WhenAll(Remove(partitions).Select(lane => lane.StopAsync())).GetAwaiter().GetResult();
    }

    private void Lose(IEnumerable<TopicPartition> partitions)
    {
        foreach (var lane in Remove(partitions))
            lane.Abandon();
    }

    private List<PartitionWorker> Remove(IEnumerable<TopicPartition> partitions)
    {
        var removed = new List<PartitionWorker>();
        foreach (var partition in partitions)
        {
            if (!_lanes.TryRemove(partition, out var lane))
                continue;
            GroupEventConsumerLog.Revoked(_log, $"{partition}", _options.ConsumerGroup);
            removed.Add(lane);
        }

        return removed;
    }

    private void Note(IConsumer<byte[]?, byte[]?> consumer, ConsumeResult<byte[]?, byte[]?> message)
    {
        try
        {
            consumer.StoreOffset(message);
        }
        catch (Exception late) when (late is KafkaException or ObjectDisposedException)
        {
            // The partition is another's by now; it reads this again and finds it stored.
            GroupEventConsumerLog.Kafka(_log, late.Message);
        }
    }

    private void Met(Error error)
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
