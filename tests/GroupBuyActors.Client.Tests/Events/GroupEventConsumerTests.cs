using System.Diagnostics.Metrics;
using Confluent.Kafka;
using GroupBuyActors.Testing;

namespace GroupBuyActors.Client.Tests.Events;

/// <summary>
/// The whole consumer against brokers: the client library's mock cluster, whose topics have four partitions.
/// </summary>
public sealed class GroupEventConsumerTests(BrokersFixture brokers) : IClassFixture<BrokersFixture>
{
    private const int Partitions = MockKafka.Partitions;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _name = brokers.NewTopic();
    private readonly RecordingView _view = new();

    [Fact]
    public async Task RepeatsMalformedMessagesAndRestartsLeaveEachEventStoredOnceInOrder()
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Lives.Seed}");
        var groups = Lives.Many(12, Lives.Seed);
        var events = Lives.Interleaved(groups, Lives.Seed);
        var half = events.Count / 2;
        // A producer that died and its successor: a run of events comes whole again; between them a stranger's message.
        await brokers.ProduceAsync(
            _name,
            [
                .. events[..half].Select(Message),
                new Message<byte[], byte[]> { Key = [1], Value = [2] },
                .. events[(half / 2)..half].Select(Message),
            ]
        );
        var malformed = 0;
        using var lag = new LagListener(_name);
        using var counted = new OutcomeListener();
        await using (
            var first = Start(options =>
                options.OnMalformed = (_, _) =>
                {
                    Interlocked.Increment(ref malformed);
                    return ValueTask.CompletedTask;
                }
            )
        )
        {
            await first.WaitAsync(_view.Reaches(half));
            await first.UntilAsync(() =>
                counted.Of(_name, "repeated") == half - half / 2
                && first.Consumer.Status is { Lag: 0, Partitions: Partitions }
            );
            Assert.Equal(0, lag.Read());
            Assert.Null(first.Consumer.Status.Failure);
        }

        Assert.Equal(1, malformed);
        // What was committed is where the topic ended: a restart reads nothing again.
        Assert.Equal(half + 1 + (half - half / 2), brokers.Committed(_name, _name).Sum(offset => Math.Max(0, offset)));
        await brokers.ProduceAsync(_name, [.. events[..10].Select(Message), .. events[half..].Select(Message)]);
        await using (var second = Start())
            await second.WaitAsync(_view.Reaches(events.Count));
        foreach (var group in groups)
            Assert.Equal(group.Events.Select(happened => happened.Sequence), _view.Of(group.Id));
    }

    [Fact]
    public async Task OffsetsThatWereNeverCommittedCostReadingAgainAndNothingElse()
    {
        var groups = Lives.Many(6, 23);
        var events = Lives.Interleaved(groups, 23);
        await brokers.ProduceAsync(_name, events.Select(Message));
        await using (var first = Start())
            await first.WaitAsync(_view.Reaches(events.Count));
        // Another consumer group has no offsets: the same as one whose process was killed before it committed any.
        using var counted = new OutcomeListener();
        await using (var second = Start(consumerGroup: _name + "-again"))
            await second.UntilAsync(() =>
                counted.Of(_name + "-again", "repeated") == events.Count && second.Consumer.Status.Lag == 0
            );
        Assert.Equal(events.Count, _view.Total);
        Assert.Equal(0, counted.Of(_name + "-again", "stored"));
    }

    [Fact]
    public async Task TwoConsumersShareThePartitionsAndARebalanceLosesAndDoublesNothing()
    {
        var groups = Lives.Many(24, 31);
        var events = Lives.Interleaved(groups, 31);
        var third = events.Count / 3;
        await brokers.ProduceAsync(_name, events[..third].Select(Message));
        // Handling takes a while, so that partitions change hands with batches in hand.
        _view.Before = (_, cancellation) => Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, cancellation);
        await using var first = Start(options => options.BatchSizeMax = 10);
        await first.WaitAsync(_view.Reaches(third / 2));
        await using (var second = Start(options => options.BatchSizeMax = 10))
        {
            await second.UntilAsync(() =>
                second.Consumer.Status.Partitions > 0
                && first.Consumer.Status.Partitions + second.Consumer.Status.Partitions == Partitions
            );
            await brokers.ProduceAsync(_name, events[third..(2 * third)].Select(Message));
            await second.WaitAsync(_view.Reaches(2 * third));
        }

        await first.UntilAsync(() => first.Consumer.Status.Partitions == Partitions);
        await brokers.ProduceAsync(_name, events[(2 * third)..].Select(Message));
        await first.WaitAsync(_view.Reaches(events.Count));
        foreach (var group in groups)
            Assert.Equal(group.Events.Select(happened => happened.Sequence), _view.Of(group.Id));
    }

    [Fact]
    public async Task AViewThatIsSlowPausesItsPartitionAndMemoryStaysBounded()
    {
        var group = GroupId.Parse("1.SH.slow");
        await brokers.ProduceAsync(_name, Enumerable.Range(1, 600).Select(sequence => Opened(group, sequence)));
        var goOn = new TaskCompletionSource();
        _view.Before = (_, cancellation) => goOn.Task.WaitAsync(cancellation);
        using var lag = new LagListener(_name);
        await using var running = Start(options =>
            (options.BatchSizeMax, options.QueueSizeMax, options.LagInterval) = (
                10,
                100,
                TimeSpan.FromMilliseconds(200)
            )
        );
        await running.UntilAsync(() => running.Consumer.Status.PartitionsPaused == 1);
        await running.UntilAsync(() => running.Consumer.Status.Lag == 600 && lag.Read() == 600);
        // Of a paused partition no more is fetched, but its end is still asked for.
        await brokers.ProduceAsync(_name, Enumerable.Range(601, 50).Select(sequence => Opened(group, sequence)));
        await running.UntilAsync(() => lag.Read() == 650);
        goOn.SetResult();
        await running.WaitAsync(_view.Reaches(650));
        Assert.Equal(Enumerable.Range(1, 650).Select(sequence => (long)sequence), _view.Of(group));
        Assert.All(_view.BatchSizes, size => Assert.InRange(size, 1, 10));
        await running.UntilAsync(() => lag.Read() == 0);
    }

    [Fact]
    public async Task BrokersThatAreAwayAreWaitedFor()
    {
        using var apart = new BrokersFixture();
        var (topic, group) = (apart.NewTopic(), GroupId.Parse("1.SH.away"));
        await apart.ProduceAsync(topic, [Opened(group, 1), Opened(group, 2)]);
        await using var running = Start(options =>
            (options.BootstrapServers, options.Topic) = (apart.Kafka.BootstrapServers, topic)
        );
        await running.WaitAsync(_view.Reaches(2));
        apart.Kafka.GoAway();
        var sent = apart.ProduceAsync(topic, [Opened(group, 3)]);
        Assert.False(running.Ended.IsCompleted);
        apart.Kafka.ComeBack();
        await sent.WaitAsync(Patience);
        await running.WaitAsync(_view.Reaches(3));
        Assert.Equal([1, 2, 3], _view.Of(group));
    }

    [Fact]
    public async Task AGapEndsTheConsumerAndIsMendedFromTheHistory()
    {
        var (group, whole) = (GroupId.Parse("1.SH.gap"), GroupId.Parse("2.SH.whole"));
        await brokers.ProduceAsync(_name, [Opened(group, 1), Opened(group, 4), Opened(whole, 1)]);
        await using (var first = Start())
        {
            var gap = await Assert.ThrowsAsync<GroupEventGapException>(() => first.Ended.WaitAsync(Patience));
            Assert.Equal(4, gap.Gap.Before);
        }

        await using var second = Start(options =>
            options.OnGap = (missing, _) =>
                ValueTask.FromResult(
                    GapAnswer.Fill([
                        .. Enumerable
                            .Range((int)missing.After + 1, (int)(missing.Before - missing.After) - 1)
                            .Select(sequence => Event(group, sequence).Envelope),
                    ])
                )
        );
        await second.WaitAsync(_view.Reaches(5));
        Assert.Equal([1, 2, 3, 4], _view.Of(group));
    }

    [Fact]
    public async Task WhatIsWrongWithOptionsIsSaidAllAtOnce()
    {
        var fault = Assert.Throws<ArgumentException>(() =>
            new GroupEventConsumer(
                new GroupEventConsumerOptions { QueueSizeMax = 1, RetryDelay = TimeSpan.Zero },
                _view
            )
        );
        foreach (var name in new[] { "BootstrapServers", "ConsumerGroup", "QueueSizeMax", "RetryDelay" })
            Assert.Contains(name, fault.Message);
        var options = Options();
        options.Configure = config => (config.EnableAutoOffsetStore, config.ClientId) = (true, "mine");
        var config = options.ToConfig();
        Assert.Equal(
            (false, "mine", PartitionAssignmentStrategy.CooperativeSticky),
            (config.EnableAutoOffsetStore, config.ClientId, config.PartitionAssignmentStrategy)
        );
        // A join that nobody answers is asked for again after this, and a hand-over fits in it.
        Assert.Equal(60_000, config.MaxPollIntervalMs);
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();
        var consumer = new GroupEventConsumer(Options(), _view);
        await consumer.RunAsync(stopped.Token);
        await Assert.ThrowsAsync<InvalidOperationException>(() => consumer.RunAsync(stopped.Token));
    }

    private static LivedEvent Event(GroupId group, long sequence) =>
        new(group, sequence, "group.opened", DateTimeOffset.UnixEpoch, "{}"u8.ToArray());

    private static Message<byte[], byte[]> Opened(GroupId group, long sequence) => Event(group, sequence).Message;

    private static Message<byte[], byte[]> Message(LivedEvent happened) => happened.Message;

    private GroupEventConsumerOptions Options(string? consumerGroup = null) =>
        new()
        {
            BootstrapServers = brokers.Kafka.BootstrapServers,
            ConsumerGroup = consumerGroup ?? _name,
            Topic = _name,
            // A reader that was killed is given up soon, one that a busy machine holds up is not.
            Configure = config =>
                (config.SessionTimeoutMs, config.HeartbeatIntervalMs, config.TopicMetadataRefreshIntervalMs) = (
                    6_000,
                    300,
                    1_000
                ),
        };

    private Running Start(Action<GroupEventConsumerOptions>? change = null, string? consumerGroup = null)
    {
        var options = Options(consumerGroup);
        change?.Invoke(options);
        return new Running(new GroupEventConsumer(options, _view));
    }

    /// <summary>A consumer that runs until it is disposed.</summary>
    private sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();

        public Running(GroupEventConsumer consumer)
        {
            Consumer = consumer;
            Ended = consumer.RunAsync(_stop.Token);
        }

        public GroupEventConsumer Consumer { get; }

        public Task Ended { get; }

        public async Task WaitAsync(Task done)
        {
            // A consumer that fails says why, instead of a wait that ends for nothing.
            if (await Task.WhenAny(done, Ended).WaitAsync(Patience) == Ended)
                await Ended;
            await done.WaitAsync(Patience);
        }

        public async Task UntilAsync(Func<bool> holds)
        {
            using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
            while (!holds())
            {
                if (Ended.IsCompleted)
                    await Ended;
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await Ended.ContinueWith(static _ => { }, TaskScheduler.Default);
            _stop.Dispose();
        }
    }

    /// <summary>Reads <c>consumer_lag</c> of one consumer group as an exporter does.</summary>
    private sealed class LagListener : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _lag;

        public LagListener(string consumerGroup)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument is { Name: "consumer_lag", Meter.Name: GroupEventConsumer.MeterName })
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>(
                (_, value, tags, _) =>
                {
                    foreach (var tag in tags)
                        if (tag is { Key: "group", Value: string name } && name == consumerGroup)
                            _lag = value;
                }
            );
            _listener.Start();
        }

        public long Read()
        {
            _lag = -1;
            _listener.RecordObservableInstruments();
            return _lag;
        }

        public void Dispose() => _listener.Dispose();
    }

    /// <summary>Counts <c>consumer_events_total</c> by consumer group and outcome.</summary>
    private sealed class OutcomeListener : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly System.Collections.Concurrent.ConcurrentDictionary<(object?, object?), long> _counts = new();

        public OutcomeListener()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "consumer_events_total")
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>(
                (_, value, tags, _) =>
                    _counts.AddOrUpdate((tags[0].Value, tags[1].Value), value, (_, count) => count + value)
            );
            _listener.Start();
        }

        public long Of(string group, string outcome) => _counts.GetValueOrDefault((group, outcome));

        public void Dispose() => _listener.Dispose();
    }
}
