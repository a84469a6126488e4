using System.Globalization;
using System.Text;
using Confluent.Kafka;
using GroupBuyActors.Testing;
using HdrHistogram;

namespace GroupBuyActors.Benchmarks.Relay;

/// <summary>
/// Reads the topic as a consumer does, drops what it has seen, and looks at each event's age when it comes.
/// </summary>
internal sealed class LagReader : IDisposable
{
    private readonly IConsumer<string, byte[]> _consumer;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<string, long> _last = [];
    private readonly Task _reading;
    private LongHistogram? _lag;
    private long _count;
    private long _repeated;
    private long _gaps;

    public LagReader(MockKafka kafka)
    {
        var config = new ConsumerConfig
        {
            BootstrapServers = kafka.BootstrapServers,
            GroupId = "bench",
            EnableAutoCommit = false,
            FetchWaitMaxMs = 5,
            ReconnectBackoffMaxMs = 200,
        };
        _consumer = new ConsumerBuilder<string, byte[]>(config)
            .SetLogHandler((_, _) => { })
            .SetErrorHandler((_, _) => { })
            .Build();
        _consumer.Assign(
            Enumerable
                .Range(0, MockKafka.Partitions)
                .Select(partition => new TopicPartitionOffset(MockKafka.GroupEvents, partition, Offset.Beginning))
        );
        _reading = Task.Factory.StartNew(
            Read,
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
    }

    /// <summary>Different events so far.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Events that came again.</summary>
    public long Repeated => Interlocked.Read(ref _repeated);

    /// <summary>Events that came before their predecessor.</summary>
    public long Gaps => Interlocked.Read(ref _gaps);

    /// <summary>Measures from now on.</summary>
    public void Measure() => Volatile.Write(ref _lag, new LongHistogram(1, 60_000_000, 3));

    /// <summary>Ages in microseconds; measures no more.</summary>
    public LongHistogram Lag() =>
        Interlocked.Exchange(ref _lag, null) ?? throw new InvalidOperationException("Nothing was measured.");

    /// <summary>Waits until so many different events were read.</summary>
    public async Task ReachAsync(long events, TimeSpan bound, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(bound);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        while (Count < events)
        {
            if (_reading.IsFaulted)
                await _reading;
            if (limit.IsCancellationRequested)
                throw new TimeoutException($"{Count} of {events} events were read in {bound}.");
            await Task.Delay(2, both.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _reading.ContinueWith(_ => { }, TaskScheduler.Default).Wait();
        _consumer.Dispose();
        _stopping.Dispose();
    }

    private void Read()
    {
        while (!_stopping.IsCancellationRequested)
        {
            if (_consumer.Consume(TimeSpan.FromMilliseconds(50)) is not { } result)
                continue;
            var sequence = long.Parse(Text(result, "ce_sequence"), CultureInfo.InvariantCulture);
            var last = _last.GetValueOrDefault(result.Message.Key);
            if (sequence <= last)
            {
                Interlocked.Increment(ref _repeated);
                continue;
            }

            if (sequence > last + 1)
                Interlocked.Increment(ref _gaps);
            _last[result.Message.Key] = sequence;
            Interlocked.Increment(ref _count);
            if (Volatile.Read(ref _lag) is not { } lag)
                continue;
            var age =
                DateTimeOffset.UtcNow - DateTimeOffset.Parse(Text(result, "ce_time"), CultureInfo.InvariantCulture);
            lag.RecordValue(Math.Clamp((long)age.TotalMicroseconds, 1, 60_000_000));
        }
    }

    private static string Text(ConsumeResult<string, byte[]> result, string header) =>
        Encoding.UTF8.GetString(result.Message.Headers.GetLastBytes(header));
}
