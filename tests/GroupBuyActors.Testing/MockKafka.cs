using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;

namespace GroupBuyActors.Testing;

/// <summary>
/// A Kafka cluster in this process: librdkafka's mock cluster, on ports of the loopback, that any client reaches by
/// <see cref="BootstrapServers"/>, from other processes too. It goes with this object, and its records with it. Topics come into being as
/// they are asked for, with <see cref="Partitions"/> partitions; the mock makes none on request.
/// <para>
/// What it cannot show: it replicates and persists nothing, elects no leaders, does not look at sequence numbers of idempotent producers
/// (a real broker refuses a batch behind one that it refused; this one takes it), knows no quotas, authorisation or encryption, and
/// takes records of any size unless <see cref="RefuseNext"/> says otherwise.
/// </para>
/// </summary>
public sealed class MockKafka : IDisposable
{
    /// <summary>The mock's own number for topics that it makes up.</summary>
    public const int Partitions = 4;

    private const int Brokers = 3;
    private const short Produce = 0;
    private readonly IntPtr _client;
    private readonly IntPtr _cluster;
    private bool _disposed;

    /// <summary>Starts a cluster of three brokers.</summary>
    public MockKafka()
    {
        // Loads the library from where the package has it, whatever the platform.
        Confluent.Kafka.Library.Load();
        var error = new StringBuilder(512);
        _client = Native.rd_kafka_new(0, Native.rd_kafka_conf_new(), error, (UIntPtr)error.Capacity);
        if (_client == IntPtr.Zero) throw new InvalidOperationException($"No client for the mock cluster: {error}");
        _cluster = Native.rd_kafka_mock_cluster_new(_client, Brokers);
        if (_cluster == IntPtr.Zero) throw new InvalidOperationException("No mock cluster.");
        BootstrapServers = Marshal.PtrToStringUTF8(Native.rd_kafka_mock_cluster_bootstraps(_cluster))!;
    }

    /// <summary>Addresses of the brokers.</summary>
    public string BootstrapServers { get; }

    /// <summary>No broker can be reached until <see cref="ComeBack"/>; what was written stays.</summary>
    public void GoAway()
    {
        for (var broker = 1; broker <= Brokers; broker++) Check(Native.rd_kafka_mock_broker_set_down(_cluster, broker));
    }

    /// <summary>The brokers are there again.</summary>
    public void ComeBack()
    {
        for (var broker = 1; broker <= Brokers; broker++) Check(Native.rd_kafka_mock_broker_set_up(_cluster, broker));
    }

    /// <summary>The next writes are answered with these errors, one a batch, whoever sends it.</summary>
    public void RefuseNext(params ErrorCode[] errors) =>
        Native.rd_kafka_mock_push_request_errors_array(_cluster, Produce, (UIntPtr)errors.Length, [.. errors.Select(error => (int)error)]);

    /// <summary>Takes back what <see cref="RefuseNext"/> asked for and was not needed.</summary>
    public void RefuseNoMore() => Native.rd_kafka_mock_clear_request_errors(_cluster, Produce);

    /// <summary>Each answer of a broker takes so long.</summary>
    public void Delay(TimeSpan answer)
    {
        for (var broker = 1; broker <= Brokers; broker++) Check(Native.rd_kafka_mock_broker_set_rtt(_cluster, broker, (int)answer.TotalMilliseconds));
    }

    /// <summary>
    /// Reads a topic from its start, all partitions, each in order, until <paramref name="enough"/> says so or the time is up; gives what
    /// it read.
    /// </summary>
    public List<ConsumeResult<string, byte[]>> Read(string topic, Func<IReadOnlyList<ConsumeResult<string, byte[]>>, bool> enough, TimeSpan bound)
    {
        var config = new ConsumerConfig { BootstrapServers = BootstrapServers, GroupId = "test", EnableAutoCommit = false, AutoOffsetReset = AutoOffsetReset.Earliest };
        using var consumer = new ConsumerBuilder<string, byte[]>(config).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        consumer.Assign(Enumerable.Range(0, Partitions).Select(partition => new TopicPartitionOffset(topic, partition, Offset.Beginning)));
        var read = new List<ConsumeResult<string, byte[]>>();
        var started = TimeProvider.System.GetTimestamp();
        while (!enough(read) && TimeProvider.System.GetElapsedTime(started) < bound)
        {
            try
            {
                if (consumer.Consume(TimeSpan.FromMilliseconds(100)) is { IsPartitionEOF: false } result) read.Add(result);
            }
            catch (ConsumeException)
            {
                // The topic is not there yet, or the brokers are away: the time decides.
            }
        }

        consumer.Close();
        return read;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        Native.rd_kafka_mock_cluster_destroy(_cluster);
        Native.rd_kafka_destroy(_client);
    }

    private static void Check(int error)
    {
        if (error != 0) throw new InvalidOperationException($"The mock cluster answered with error {error}.");
    }

    // The C interface of librdkafka, rdkafka.h and rdkafka_mock.h.
    private static class Native
    {
        private const string Library = "librdkafka";

        [DllImport(Library)]
        public static extern IntPtr rd_kafka_conf_new();

        [DllImport(Library, CharSet = CharSet.Ansi)]
        public static extern IntPtr rd_kafka_new(int type, IntPtr conf, StringBuilder error, UIntPtr errorSize);

        [DllImport(Library)]
        public static extern void rd_kafka_destroy(IntPtr client);

        [DllImport(Library)]
        public static extern IntPtr rd_kafka_mock_cluster_new(IntPtr client, int brokers);

        [DllImport(Library)]
        public static extern void rd_kafka_mock_cluster_destroy(IntPtr cluster);

        [DllImport(Library)]
        public static extern IntPtr rd_kafka_mock_cluster_bootstraps(IntPtr cluster);

        [DllImport(Library)]
        public static extern int rd_kafka_mock_broker_set_down(IntPtr cluster, int broker);

        [DllImport(Library)]
        public static extern int rd_kafka_mock_broker_set_up(IntPtr cluster, int broker);

        [DllImport(Library)]
        public static extern int rd_kafka_mock_broker_set_rtt(IntPtr cluster, int broker, int milliseconds);

        [DllImport(Library)]
        public static extern void rd_kafka_mock_push_request_errors_array(IntPtr cluster, short apiKey, UIntPtr count, int[] errors);

        [DllImport(Library)]
        public static extern void rd_kafka_mock_clear_request_errors(IntPtr cluster, short apiKey);
    }
}
