using System.Globalization;
using System.Text;
using Confluent.Kafka;

namespace GroupBuyActors.Testing;

/// <summary>
/// A Kafka cluster inside the client library: three brokers on loopback ports that any client reaches, gone with this object. Topics
/// come into being with four partitions when they are first named. Only the classic group protocol; nothing is kept on disk.
/// </summary>
public sealed class MockKafka : IDisposable
{
    private readonly IProducer<byte[], byte[]> _producer;

    public MockKafka()
    {
        var config = new ProducerConfig { BootstrapServers = "mock", EnableIdempotence = true, Acks = Acks.All, LingerMs = 1 };
        config.Set("test.mock.num.brokers", "3");
        _producer = new ProducerBuilder<byte[], byte[]>(config).SetLogHandler((_, _) => { }).Build();
        using var admin = new DependentAdminClientBuilder(_producer.Handle).Build();
        BootstrapServers = string.Join(',', admin.GetMetadata(TimeSpan.FromSeconds(10)).Brokers
            .Select(broker => string.Create(CultureInfo.InvariantCulture, $"{broker.Host}:{broker.Port}")));
    }

    /// <summary>What other clients take as their bootstrap servers.</summary>
    public string BootstrapServers { get; }

    /// <summary>Writes messages in their order and waits until all are there.</summary>
    public async Task ProduceAsync(string topic, IEnumerable<Message<byte[], byte[]>> messages) =>
        await Task.WhenAll(messages.Select(message => _producer.ProduceAsync(topic, message)).ToList());

    /// <summary>The offset that each partition's next message for a consumer group has, as the group committed it; -1001 where it did not.</summary>
    public IReadOnlyList<long> Committed(string consumerGroup, string topic, int partitions)
    {
        using var reader = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig { BootstrapServers = BootstrapServers, GroupId = consumerGroup }).Build();
        return [.. reader.Committed(Enumerable.Range(0, partitions).Select(partition => new TopicPartition(topic, partition)), TimeSpan.FromSeconds(10))
            .OrderBy(committed => committed.Partition.Value).Select(committed => committed.Offset.Value)];
    }

    /// <summary>A header with a text.</summary>
    public static Header Header(string name, string value) => new(name, Encoding.UTF8.GetBytes(value));

    public void Dispose() => _producer.Dispose();
}
