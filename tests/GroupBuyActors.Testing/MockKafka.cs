using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;

namespace GroupBuyActors.Testing;

/// <summary>
/// A Kafka cluster in this process: librdkafka's mock cluster, on ports of the loopback, that any client reaches by
/// <see cref="BootstrapServers"/>, from other processes too. It goes with this object, and its records with it. It has
/// the topics it was made with, and those of <see cref="CreateTopic"/>; it makes none by an admin client's request,
/// which it says it does not know.
/// <para>
/// What it cannot show: it replicates and persists nothing, elects no leaders, does not look at sequence numbers of
/// idempotent producers (a real broker refuses a batch behind one that it refused; this one takes it), knows no quotas,
/// authorisation or encryption, and takes records of any size unless <see cref="RefuseNext"/> says otherwise.
/// </para>
/// </summary>
public sealed class MockKafka : IDisposable
{
    /// <summary>Partitions of each topic.</summary>
    public const int Partitions = 4;

    /// <summary>The topic of groups' events, as it is called unless a setting says otherwise.</summary>
    public const string GroupEvents = "groupbuy.group-events";

    private const int Brokers = 3;
    private const short Produce = 0;
    private readonly IntPtr _client;
    private readonly IntPtr _cluster;
    private bool _disposed;

    /// <summary>Starts a cluster of three brokers with the topic of groups' events.</summary>
    public MockKafka()
    {
        var error = new StringBuilder(512);
        var conf = Native.rd_kafka_conf_new();
        // It would complain that it knows no brokers; it is to be them.
        Check(Native.rd_kafka_conf_set(conf, "log_level", "0", error, (UIntPtr)error.Capacity));
        _client = Native.rd_kafka_new(0, conf, error, (UIntPtr)error.Capacity);
        if (_client == IntPtr.Zero)
            throw new InvalidOperationException($"No client for the mock cluster: {error}");
        _cluster = Native.rd_kafka_mock_cluster_new(_client, Brokers);
        if (_cluster == IntPtr.Zero)
            throw new InvalidOperationException("No mock cluster.");
        // Without one, admin clients wait for it until their patience ends.
        Check(Native.rd_kafka_mock_set_controller_id(_cluster, 1));
        // Instead of three seconds: nobody beats while a join is held back, and a reader whose session ends meanwhile
        // is never answered.
        Native.rd_kafka_mock_group_initial_rebalance_delay_ms(_cluster, 100);
        CreateTopic(GroupEvents);
        BootstrapServers = Marshal.PtrToStringUTF8(Native.rd_kafka_mock_cluster_bootstraps(_cluster))!;
    }

    /// <summary>Addresses of the brokers.</summary>
    public string BootstrapServers { get; }

    /// <summary>Makes a topic.</summary>
    public void CreateTopic(string topic) =>
        Check(Native.rd_kafka_mock_topic_create(_cluster, topic, Partitions, Brokers));

    /// <summary>No broker can be reached until <see cref="ComeBack"/>; what was written stays.</summary>
    public void GoAway()
    {
        for (var broker = 1; broker <= Brokers; broker++)
            Check(Native.rd_kafka_mock_broker_set_down(_cluster, broker));
    }

    /// <summary>The brokers are there again.</summary>
    public void ComeBack()
    {
        for (var broker = 1; broker <= Brokers; broker++)
            Check(Native.rd_kafka_mock_broker_set_up(_cluster, broker));
    }

    /// <summary>The next writes are answered with these errors, one a batch, whoever sends it.</summary>
    public void RefuseNext(params ErrorCode[] errors) =>
        Native.rd_kafka_mock_push_request_errors_array(
            _cluster,
            Produce,
            (UIntPtr)errors.Length,
            [.. errors.Select(error => (int)error)]
        );

    /// <summary>Takes back what <see cref="RefuseNext"/> asked for and was not needed.</summary>
    public void RefuseNoMore() => Native.rd_kafka_mock_clear_request_errors(_cluster, Produce);

    /// <summary>Each answer of a broker takes so long.</summary>
    public void Delay(TimeSpan answer)
    {
        for (var broker = 1; broker <= Brokers; broker++)
            Check(Native.rd_kafka_mock_broker_set_rtt(_cluster, broker, (int)answer.TotalMilliseconds));
    }

    /// <summary>
    /// Reads a topic from its start, all partitions, each in order, until <paramref name="enough"/> says so or the time
    /// is up; gives what it read.
    /// </summary>
    public List<ConsumeResult<string, byte[]>> Read(
        string topic,
        Func<IReadOnlyList<ConsumeResult<string, byte[]>>, bool> enough,
        TimeSpan bound
    )
    {
        var config = new ConsumerConfig
        {
            BootstrapServers = BootstrapServers,
            GroupId = "test",
            EnableAutoCommit = false,
            AutoOffsetReset = AutoOffsetReset.Earliest,
        };
        using var consumer = new ConsumerBuilder<string, byte[]>(config)
            .SetLogHandler((_, _) => { })
            .SetErrorHandler((_, _) => { })
            .Build();
        consumer.Assign(
            Enumerable
                .Range(0, Partitions)
                .Select(partition => new TopicPartitionOffset(topic, partition, Offset.Beginning))
        );
        var read = new List<ConsumeResult<string, byte[]>>();
        var started = TimeProvider.System.GetTimestamp();
        while (!enough(read) && TimeProvider.System.GetElapsedTime(started) < bound)
        {
            try
            {
                if (consumer.Consume(TimeSpan.FromMilliseconds(100)) is { IsPartitionEOF: false } result)
                    read.Add(result);
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
        if (_disposed)
            return;
        _disposed = true;
        Native.rd_kafka_mock_cluster_destroy(_cluster);
        Native.rd_kafka_destroy(_client);
    }

    private static void Check(int error)
    {
        if (error != 0)
            throw new InvalidOperationException($"The mock cluster answered with error {error}.");
    }

    // The C interface of librdkafka, rdkafka.h and rdkafka_mock.h.
    private static class Native
    {
        private const string Library = "librdkafka";

        // The package has a library for each flavour of a platform, and its own way to choose: whatever it chose is in
        // the process.
        static Native() =>
            NativeLibrary.SetDllImportResolver(
                typeof(Native).Assembly,
                (name, _, _) => name == Library ? Chosen() : IntPtr.Zero
            );

        private static IntPtr Chosen()
        {
            Confluent.Kafka.Library.Load();
            using var process = Process.GetCurrentProcess();
            return NativeLibrary.Load(
                process
                    .Modules.Cast<ProcessModule>()
                    .First(module => Path.GetFileName(module.FileName).Contains(Library, StringComparison.Ordinal))
                    .FileName
            );
        }

        [DllImport(Library)]
        public static extern IntPtr rd_kafka_conf_new();

        [DllImport(Library, CharSet = CharSet.Ansi)]
        public static extern int rd_kafka_conf_set(
            IntPtr conf,
            [MarshalAs(UnmanagedType.LPUTF8Str)] string name,
            [MarshalAs(UnmanagedType.LPUTF8Str)] string value,
            StringBuilder error,
            UIntPtr errorSize
        );

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
        public static extern int rd_kafka_mock_set_controller_id(IntPtr cluster, int broker);

        [DllImport(Library)]
        public static extern void rd_kafka_mock_group_initial_rebalance_delay_ms(IntPtr cluster, int milliseconds);

        [DllImport(Library)]
        public static extern int rd_kafka_mock_topic_create(
            IntPtr cluster,
            [MarshalAs(UnmanagedType.LPUTF8Str)] string topic,
            int partitions,
            int replicas
        );

        [DllImport(Library)]
        public static extern int rd_kafka_mock_broker_set_down(IntPtr cluster, int broker);

        [DllImport(Library)]
        public static extern int rd_kafka_mock_broker_set_up(IntPtr cluster, int broker);

        [DllImport(Library)]
        public static extern int rd_kafka_mock_broker_set_rtt(IntPtr cluster, int broker, int milliseconds);

        [DllImport(Library)]
        public static extern void rd_kafka_mock_push_request_errors_array(
            IntPtr cluster,
            short apiKey,
            UIntPtr count,
            int[] errors
        );

        [DllImport(Library)]
        public static extern void rd_kafka_mock_clear_request_errors(IntPtr cluster, short apiKey);
    }
}
