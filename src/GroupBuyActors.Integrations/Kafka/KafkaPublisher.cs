using Confluent.Kafka;
using GroupBuyActors.Ports;
using Microsoft.Extensions.Logging;
using ErrorCode = Confluent.Kafka.ErrorCode;

namespace GroupBuyActors.Integrations.Kafka;

/// <summary>
/// Publishes events to one topic, all of a group's to one partition. Calls run one at a time, with one idempotent
/// producer: the broker accepts batches of a partition in order or not at all, and with the gapless guarantee the first
/// batch that fails permanently stops the producer, so that no later event is published. Then the producer is discarded
/// with everything in its queue, and the next call creates a new one.
/// <para>
/// The failure of a batch does not tell which of its events caused it. So the first failed event of each actor is sent
/// once more, alone: one that is refused alone is refused permanently.
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
            var suspects = await SendAsync(events, Enumerable.Range(0, events.Count), outcomes, cancellation);
            foreach (var one in FirstOpen(events, outcomes).Intersect(suspects))
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

    /// <summary>The indices of each actor's first event that is neither published nor refused.</summary>
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

    /// <summary>Sends some of the events; returns those whose failure may be the event's own fault.</summary>
    private async Task<IReadOnlyList<int>> SendAsync(
        IReadOnlyList<OutgoingEvent> events,
        IEnumerable<int> indices,
        PublishOutcome[] outcomes,
        CancellationToken cancellation
    )
    {
        var producer = _producer ??= Build();
        var batch = new Batch(outcomes);
        try
        {
            var refused = new HashSet<ActorId>();
            foreach (var index in indices)
            {
                var e = events[index];
                if (batch.Failed is not null)
                    break;
                if (refused.Contains(e.Actor))
                    continue;
                if (await ProduceAsync(producer, e, index, batch, cancellation) is not { } reason)
                    continue;
                // The client refuses the event, so it was not sent.
                outcomes[index] = new PublishOutcome(PublishState.Refused, reason);
                refused.Add(e.Actor);
            }

            await batch.WaitForAllAsync(cancellation);
        }
        catch
        {
            Discard();
            throw;
        }

        if (batch.Failed is not { } error)
            return [];
        KafkaLog.Renewed(log, error.Reason);
        // Waits for the client's threads; afterwards there are no further reports.
        Discard();
        return batch.Suspects();
    }

    /// <summary>
    /// Adds an event to the client's queue when there is space; returns a reason if the client refuses it.
    /// </summary>
    private async Task<string?> ProduceAsync(
        IProducer<string, byte[]> producer,
        OutgoingEvent e,
        int index,
        Batch batch,
        CancellationToken cancellation
    )
    {
        var message = KafkaBinding.Message(GroupCloudEvents.Of(e), e.Actor.Key);
        while (true)
        {
            var nextReport = batch.NextReport;
            try
            {
                batch.Sent();
                producer.Produce(options.Topic, message, report => batch.Report(index, report.Error));
                return null;
            }
            catch (ProduceException<string, byte[]> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
            {
                batch.NotSent();
                await batch.WaitForReportAsync(nextReport, cancellation);
            }
            catch (ProduceException<string, byte[]> refused)
            {
                batch.NotSent();
                if (Refusals.Contains(refused.Error.Code))
                    return refused.Error.Reason;
                batch.Fail(refused.Error);
                return null;
            }
        }
    }

    /// <summary>Errors that an event itself causes: the same batch without it would be accepted.</summary>
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

    /// <summary>Events that were sent, and their outcomes. Reports come on the client's own thread.</summary>
    private sealed class Batch(PublishOutcome[] outcomes)
    {
        private readonly Lock _gate = new();
        private readonly HashSet<int> _suspects = [];
        private TaskCompletionSource _report = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _inFlight;

        /// <summary>The first failure; after it no further event is sent.</summary>
        public Error? Failed { get; private set; }

        public Task NextReport
        {
            get
            {
                lock (_gate)
                    return _report.Task;
            }
        }

        public void Sent()
        {
            lock (_gate)
                _inFlight++;
        }

        public void NotSent()
        {
            lock (_gate)
                _inFlight--;
        }

        public void Fail(Error error)
        {
            lock (_gate)
                Failed ??= error;
        }

        public void Report(int index, Error error)
        {
            lock (_gate)
            {
                _inFlight--;
                if (!error.IsError)
                    outcomes[index] = new PublishOutcome(PublishState.Published);
                else
                    Failed ??= error;
                if (error.IsError && Refusals.Contains(error.Code))
                    _suspects.Add(index);
                _report.SetResult();
                _report = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        public IReadOnlyList<int> Suspects()
        {
            lock (_gate)
                return [.. _suspects];
        }

        /// <summary>Waits for the given next report, unless no event is in flight.</summary>
        public async Task WaitForReportAsync(Task nextReport, CancellationToken cancellation)
        {
            lock (_gate)
                if (_inFlight == 0)
                    return;
            await nextReport.WaitAsync(cancellation);
        }

        /// <summary>
        /// Waits until all events are reported, or one has failed; the others then count as not acknowledged.
        /// </summary>
        public async Task WaitForAllAsync(CancellationToken cancellation)
        {
            while (true)
            {
                Task report;
                lock (_gate)
                {
                    if (_inFlight == 0 || Failed is not null)
                        return;
                    report = _report.Task;
                }

                await report.WaitAsync(cancellation);
            }
        }
    }
}
