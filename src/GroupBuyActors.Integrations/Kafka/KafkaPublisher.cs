using Confluent.Kafka;
using GroupBuyActors.Ports;
using Microsoft.Extensions.Logging;
using ErrorCode = Confluent.Kafka.ErrorCode;

namespace GroupBuyActors.Integrations.Kafka;

/// <summary>
/// Publishes events to one topic, a group's all to one partition. One call is on the wire at a time, by one idempotent
/// producer: its broker takes batches of a partition in their order or not at all, and with the gapless guarantee the
/// first batch that fails for good stops the producer, so that nothing goes past it. Then the producer is thrown away
/// with all that it still holds, and the next call begins with a new one.
/// <para>
/// A failed batch does not say which of its events it was. So the first one of each actor that failed is sent once
/// more, alone: what is refused alone is refused for good.
/// </para>
/// </summary>
internal sealed class KafkaPublisher(KafkaOptions options, KafkaTopic topic, ILogger<KafkaPublisher> log)
    : IEventPublisher,
        IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private IProducer<string, byte[]>? _producer;

    public string Name => "kafka";

    public async Task<IReadOnlyList<PublishOutcome>> PublishAsync(
        IReadOnlyList<OutgoingEvent> events,
        CancellationToken cancellation
    )
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            await topic.EnsureAsync(cancellation);
            var outcomes = new PublishOutcome[events.Count];
            var doubted = await SendAsync(events, Enumerable.Range(0, events.Count), outcomes, cancellation);
            foreach (var one in FirstOpen(events, outcomes).Intersect(doubted))
                if ((await SendAsync(events, [one], outcomes, cancellation)).Count > 0)
                    outcomes[one] = new PublishOutcome(PublishState.Refused, "The broker rejected it.");
            return outcomes;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        _producer?.Dispose();
        _turn.Dispose();
    }

    /// <summary>The first event of each actor that is neither published nor refused.</summary>
    private static List<int> FirstOpen(IReadOnlyList<OutgoingEvent> events, PublishOutcome[] outcomes)
    {
        var (actors, first) = (new HashSet<ActorId>(), new List<int>());
        for (var index = 0; index < events.Count; index++)
            if (
                outcomes[index].State != PublishState.Published
                && actors.Add(events[index].Actor)
                && outcomes[index].State == PublishState.Open
            )
                first.Add(index);
        return first;
    }

    /// <summary>Sends some of the events; gives those that failed in a way that may be an event's own fault.</summary>
    private async Task<IReadOnlyList<int>> SendAsync(
        IReadOnlyList<OutgoingEvent> events,
        IEnumerable<int> indices,
        PublishOutcome[] outcomes,
        CancellationToken cancellation
    )
    {
        var producer = _producer ??= Build();
        var flight = new Flight(outcomes);
        try
        {
            var refused = new HashSet<ActorId>();
            foreach (var index in indices)
            {
                var e = events[index];
                if (flight.Failed is not null)
                    break;
                if (refused.Contains(e.Actor))
                    continue;
                if (await ProduceAsync(producer, e, index, flight, cancellation) is not { } reason)
                    continue;
                // Nothing of it has left: the client itself does not take it.
                outcomes[index] = new PublishOutcome(PublishState.Refused, reason);
                refused.Add(e.Actor);
            }

            await flight.LandAsync(cancellation);
        }
        catch
        {
            Discard();
            throw;
        }

        if (flight.Failed is not { } error)
            return [];
        KafkaLog.Renewed(log, error.Reason);
        // Waits for the client's threads: afterwards nothing is reported any more.
        Discard();
        return flight.Doubted();
    }

    /// <summary>
    /// Puts an event in the client's queue, once there is room; a reason where the client refuses it.
    /// </summary>
    private async Task<string?> ProduceAsync(
        IProducer<string, byte[]> producer,
        OutgoingEvent e,
        int index,
        Flight flight,
        CancellationToken cancellation
    )
    {
        var message = KafkaBinding.Message(GroupCloudEvents.Of(e), e.Actor.Key);
        while (true)
        {
            var landings = flight.Landings;
            try
            {
                flight.Leaves();
                producer.Produce(options.Topic, message, report => flight.Landed(index, report.Error));
                return null;
            }
            catch (ProduceException<string, byte[]> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
            {
                flight.Stays();
                await flight.MoreAsync(landings, cancellation);
            }
            catch (ProduceException<string, byte[]> refused)
            {
                flight.Stays();
                if (Refusals.Contains(refused.Error.Code))
                    return refused.Error.Reason;
                flight.Fails(refused.Error);
                return null;
            }
        }
    }

    /// <summary>Errors that are an event's own: the same batch without it would be taken.</summary>
    internal static readonly IReadOnlySet<ErrorCode> Refusals = new HashSet<ErrorCode>
    {
        ErrorCode.MsgSizeTooLarge,
        ErrorCode.InvalidMsg,
        ErrorCode.InvalidMsgSize,
        ErrorCode.RecordListTooLarge,
        ErrorCode.InvalidRecord,
        ErrorCode.InvalidTimestamp,
    };

    private void Discard()
    {
        var producer = Interlocked.Exchange(ref _producer, null);
        producer?.Dispose();
    }

    private IProducer<string, byte[]> Build() =>
        new ProducerBuilder<string, byte[]>(options.Producer())
            .SetErrorHandler((_, error) => KafkaLog.ClientError(log, error.Reason, error.Code.ToString()))
            .SetLogHandler((_, line) => KafkaLog.Client(log, line.Facility, line.Message))
            .Build();

    /// <summary>Events on their way, and how they ended. Reports come on the client's own thread.</summary>
    private sealed class Flight(PublishOutcome[] outcomes)
    {
        private readonly Lock _gate = new();
        private readonly HashSet<int> _doubted = [];
        private TaskCompletionSource _landing = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _flying;

        /// <summary>The first failure: nothing that was not sent before it is sent.</summary>
        public Error? Failed { get; private set; }

        public Task Landings
        {
            get
            {
                lock (_gate)
                    return _landing.Task;
            }
        }

        public void Leaves()
        {
            lock (_gate)
                _flying++;
        }

        public void Stays()
        {
            lock (_gate)
                _flying--;
        }

        public void Fails(Error error)
        {
            lock (_gate)
                Failed ??= error;
        }

        public void Landed(int index, Error error)
        {
            lock (_gate)
            {
                _flying--;
                if (!error.IsError)
                    outcomes[index] = new PublishOutcome(PublishState.Published);
                else
                    Failed ??= error;
                if (error.IsError && Refusals.Contains(error.Code))
                    _doubted.Add(index);
                _landing.SetResult();
                _landing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        public IReadOnlyList<int> Doubted()
        {
            lock (_gate)
                return [.. _doubted];
        }

        /// <summary>Waits until something lands after the given moment.</summary>
        public async Task MoreAsync(Task landings, CancellationToken cancellation)
        {
            lock (_gate)
                if (_flying == 0)
                    return;
            await landings.WaitAsync(cancellation);
        }

        /// <summary>
        /// Waits until all have landed, or one has failed: what flies then is not acknowledged, as far as is known.
        /// </summary>
        public async Task LandAsync(CancellationToken cancellation)
        {
            while (true)
            {
                Task landing;
                lock (_gate)
                {
                    if (_flying == 0 || Failed is not null)
                        return;
                    landing = _landing.Task;
                }

                await landing.WaitAsync(cancellation);
            }
        }
    }
}
