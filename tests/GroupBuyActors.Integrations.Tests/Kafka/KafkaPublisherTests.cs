using System.Text;
using Confluent.Kafka;
using GroupBuyActors.Integrations.Kafka;
using GroupBuyActors.Ports;
using GroupBuyActors.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ErrorCode = Confluent.Kafka.ErrorCode;

namespace GroupBuyActors.Integrations.Tests.Kafka;

/// <summary>
/// The publisher against librdkafka's mock cluster. The mock does not look at producers' sequence numbers, so that a
/// broker refuses what comes behind a refused batch is not shown here; that the client sends nothing more is.
/// </summary>
public sealed class KafkaPublisherTests : IDisposable
{
    private const string Topic = "groupbuy.group-events";
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private readonly MockKafka _kafka = new();
    private readonly List<KafkaPublisher> _publishers = [];

    [Fact]
    public async Task EventsOfAGroupLieInOnePartitionInOrder()
    {
        var publisher = Publisher();
        var events = Enumerable
            .Range(1, 50)
            .SelectMany(sequence => Enumerable.Range(1, 40).Select(group => Event(group, sequence)))
            .ToList();
        AllPublished(await PublishAsync(publisher, events));
        var read = _kafka.Read(Topic, messages => messages.Count == events.Count, Bound);
        Assert.Equal(events.Count, read.Count);
        foreach (var group in read.GroupBy(message => message.Message.Key))
        {
            Assert.Single(group.Select(message => message.Partition).Distinct());
            Assert.Equal(
                Enumerable.Range(1, 50).Select(sequence => $"{group.Key}:{sequence}"),
                group.Select(message => Header(message, "ce_id"))
            );
        }

        var one = read[0];
        Assert.Equal(
            ["ce_id", "ce_sequence", "ce_source", "ce_specversion", "ce_time", "ce_type", "content-type"],
            one.Message.Headers.Select(header => header.Key).Order()
        );
        Assert.Equal($$"""{"n":{{Header(one, "ce_sequence")}}}""", Encoding.UTF8.GetString(one.Message.Value));
    }

    [Fact]
    public async Task EventsWaitWhileNoBrokerCanBeReachedAndGoOutInOrder()
    {
        var publisher = Publisher();
        AllPublished(await PublishAsync(publisher, [Event(1, 1)]));
        _kafka.GoAway();
        var waiting = PublishAsync(publisher, [Event(1, 2), Event(1, 3)]);
        using var stop = new CancellationTokenSource();
        var late = publisher.PublishAsync([Event(1, 4)], stop.Token);
        Assert.False(waiting.IsCompleted);
        Assert.False(late.IsCompleted);
        // One that waits can be called off, at the end of a silo.
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => late.WaitAsync(Bound));
        _kafka.ComeBack();
        AllPublished(await waiting);
        AllPublished(await PublishAsync(publisher, [Event(1, 4)]));
        Assert.Equal(["1", "2", "3", "4"], Sequences(1, 4));
    }

    [Fact]
    public async Task NoBrokerAtTheStartIsNoFaultOfTheSilo()
    {
        _kafka.GoAway();
        var publisher = Publisher();
        var waiting = PublishAsync(publisher, [Event(1, 1)]);
        Assert.False(waiting.IsCompleted);
        _kafka.ComeBack();
        AllPublished(await waiting);
        Assert.Equal(["1"], Sequences(1, 1));
    }

    /// <summary>
    /// A broker that hangs behind an open connection: without a bound of ours the client gives it a minute.
    /// </summary>
    [Fact]
    public async Task ABrokerThatTakesRequestsAndAnswersNoneIsGivenUpWithinSeconds()
    {
        var trouble = new Trouble("timed out");
        var publisher = Publisher(log: trouble);
        AllPublished(await PublishAsync(publisher, [Event(1, 1)]));
        _kafka.Delay(TimeSpan.FromMinutes(5));
        var waiting = PublishAsync(publisher, [Event(1, 2)]);
        await trouble.Told.WaitAsync(Bound);
        _kafka.Delay(TimeSpan.Zero);
        AllPublished(await waiting);
        // The unanswered request may have been carried out: then the event is there twice, as a whole.
        Assert.Equal(["1", "2"], Sequences(1, 2).Distinct());
    }

    [Fact]
    public async Task AnEventTooLargeIsRefusedAloneAndHoldsUpItsGroupOnly()
    {
        var publisher = Publisher(messageBytesMax: 1_000);
        var outcomes = await PublishAsync(
            publisher,
            [Event(1, 1), Event(1, 2, large: true), Event(1, 3), Event(2, 1), Event(1, 4)]
        );
        Assert.Equal(
            [
                PublishState.Published,
                PublishState.Refused,
                PublishState.Open,
                PublishState.Published,
                PublishState.Open,
            ],
            outcomes.Select(outcome => outcome.State)
        );
        Assert.Contains("size", outcomes[1].Reason, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(
            ["1", "1"],
            _kafka
                .Read(Topic, messages => messages.Count == 3, TimeSpan.FromSeconds(2))
                .Select(message => Header(message, "ce_sequence"))
        );
    }

    [Fact]
    public async Task NothingOfAGroupGoesPastABatchThatTheBrokerRefused()
    {
        var publisher = Publisher();
        AllPublished(await PublishAsync(publisher, [Event(1, 1)]));
        // The batch, and then the first of it alone.
        _kafka.RefuseNext(ErrorCode.MsgSizeTooLarge, ErrorCode.MsgSizeTooLarge);
        var outcomes = await PublishAsync(publisher, [Event(1, 2), Event(1, 3)]);
        Assert.Equal(PublishState.Refused, outcomes[0].State);
        Assert.Equal(PublishState.Open, outcomes[1].State);
        _kafka.RefuseNoMore();
        AllPublished(await PublishAsync(publisher, [Event(1, 2), Event(1, 3)]));
        Assert.Equal(["1", "2", "3"], Sequences(1, 3));
    }

    [Fact]
    public async Task ABatchsRefusalIsNotAnEventsOwn()
    {
        var publisher = Publisher();
        _kafka.RefuseNext(ErrorCode.MsgSizeTooLarge);
        var outcomes = await PublishAsync(publisher, [Event(1, 1), Event(1, 2)]);
        Assert.Equal(PublishState.Published, outcomes[0].State);
        Assert.NotEqual(PublishState.Refused, outcomes[1].State);
        AllPublished(await PublishAsync(publisher, [Event(1, 2)]));
        Assert.Equal(["1", "2"], Sequences(1, 2));
    }

    [Fact]
    public async Task WhatPassesIsTriedAgainByTheClientItself()
    {
        var publisher = Publisher();
        _kafka.RefuseNext(ErrorCode.NotLeaderForPartition, ErrorCode.NotEnoughReplicas, ErrorCode.RequestTimedOut);
        AllPublished(await PublishAsync(publisher, [Event(1, 1), Event(1, 2)]));
        Assert.Equal(["1", "2"], Sequences(1, 2).Distinct());
    }

    [Fact]
    public async Task WhatIsNoEventsFaultLeavesItOpen()
    {
        var publisher = Publisher();
        _kafka.RefuseNext(ErrorCode.TopicAuthorizationFailed);
        var outcomes = await PublishAsync(publisher, [Event(1, 1)]);
        Assert.Equal(PublishState.Open, outcomes[0].State);
        AllPublished(await PublishAsync(publisher, [Event(1, 1)]));
    }

    public void Dispose()
    {
        foreach (var publisher in _publishers)
            publisher.Dispose();
        _kafka.Dispose();
    }

    private static OutgoingEvent Event(int group, int sequence, bool large = false) =>
        new(
            GroupId.Parse($"{group}.SH.tea").Actor,
            sequence,
            "order.placed",
            1,
            new DateTimeOffset(2026, 11, 23, 19, 0, 0, TimeSpan.Zero),
            Encoding.UTF8.GetBytes(large ? $"\"{new string('x', 2_000)}\"" : $$"""{"n":{{sequence}}}"""),
            null
        );

    private KafkaPublisher Publisher(int messageBytesMax = 1_000_000, ILogger<KafkaPublisher>? log = null)
    {
        // What the client does about its connections it tells on request only.
        var client = log is null ? new Dictionary<string, string>() : new() { ["debug"] = "broker" };
        var options = new KafkaOptions
        {
            BootstrapServers = _kafka.BootstrapServers,
            Topic = Topic,
            MessageBytesMax = messageBytesMax,
            Options = client,
        };
        var publisher = new KafkaPublisher(
            options,
            new KafkaTopic(options, NullLogger<KafkaTopic>.Instance),
            log ?? NullLogger<KafkaPublisher>.Instance
        );
        _publishers.Add(publisher);
        return publisher;
    }

    private static Task<IReadOnlyList<PublishOutcome>> PublishAsync(
        KafkaPublisher publisher,
        IReadOnlyList<OutgoingEvent> events
    ) => publisher.PublishAsync(events, CancellationToken.None).WaitAsync(Bound);

    private static void AllPublished(IReadOnlyList<PublishOutcome> outcomes) =>
        Assert.All(outcomes, outcome => Assert.Equal(PublishState.Published, outcome.State));

    private IEnumerable<string> Sequences(int group, int last) =>
        _kafka
            .Read(
                Topic,
                messages =>
                    messages.Any(message =>
                        message.Message.Key == $"{group}.SH.tea" && Header(message, "ce_sequence") == $"{last}"
                    ),
                TimeSpan.FromSeconds(5)
            )
            .Where(message => message.Message.Key == $"{group}.SH.tea")
            .Select(message => Header(message, "ce_sequence"));

    private static string Header(ConsumeResult<string, byte[]> message, string name) =>
        Encoding.UTF8.GetString(message.Message.Headers.GetLastBytes(name));

    /// <summary>Waits for a line of the log.</summary>
    private sealed class Trouble(string text) : ILogger<KafkaPublisher>
    {
        private readonly TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Told => _told.Task;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel level) => true;

        public void Log<TState>(
            LogLevel level,
            EventId id,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (formatter(state, exception).Contains(text, StringComparison.Ordinal))
                _told.TrySetResult();
        }
    }
}
