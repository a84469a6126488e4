using System.Text;
using Confluent.Kafka;
using GroupBuyActors.Testing;

namespace GroupBuyActors.Client.Tests.Events;

/// <summary>
/// One mock cluster for all tests of a class, and a producer to it; each test takes a topic and a consumer group of its
/// own.
/// </summary>
public sealed class BrokersFixture : IDisposable
{
    private readonly IProducer<byte[], byte[]> _producer;

    public BrokersFixture() => _producer = new ProducerBuilder<byte[], byte[]>(
            new ProducerConfig
            {
                BootstrapServers = Kafka.BootstrapServers,
                EnableIdempotence = true,
                Acks = Acks.All,
                LingerMs = 1,
            }
        ).SetLogHandler((_, _) => { }).Build();

    public MockKafka Kafka { get; } = new();

    /// <summary>A new topic's name.</summary>
    public string NewTopic()
    {
        var name = $"t{Guid.NewGuid():N}";
        Kafka.CreateTopic(name);
        return name;
    }

    /// <summary>Writes messages in their order and waits until all are there.</summary>
    public async Task ProduceAsync(string topic, IEnumerable<Message<byte[], byte[]>> messages) =>
        await Task.WhenAll(messages.Select(message => _producer.ProduceAsync(topic, message)).ToList());

    /// <summary>The offset that a consumer group committed of each partition; below 0 where it did not.</summary>
    public IReadOnlyList<long> Committed(string consumerGroup, string topic)
    {
        using var reader = new ConsumerBuilder<byte[], byte[]>(
            new ConsumerConfig { BootstrapServers = Kafka.BootstrapServers, GroupId = consumerGroup }
        ).Build();
        return
        [
            .. reader
                .Committed(
                    Enumerable.Range(0, MockKafka.Partitions).Select(partition => new TopicPartition(topic, partition)),
                    TimeSpan.FromSeconds(10)
                )
                .OrderBy(committed => committed.Partition.Value)
                .Select(committed => committed.Offset.Value),
        ];
    }

    /// <summary>A header with a text.</summary>
    public static Header Header(string name, string value) => new(name, Encoding.UTF8.GetBytes(value));

    public void Dispose()
    {
        _producer.Dispose();
        Kafka.Dispose();
    }
}
