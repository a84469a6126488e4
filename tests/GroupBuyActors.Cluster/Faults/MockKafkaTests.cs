using Confluent.Kafka;
using GroupBuyActors.Testing;
using Xunit;

namespace GroupBuyActors.Cluster.Faults;

/// <summary>The mock cluster's outages are outages to every client, and lose nothing.</summary>
public sealed class MockKafkaTests
{
    [Fact]
    public async Task BrokersThatAreDownTakeNothingAndAreBackWithAllTheyHeld()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var kafka = new MockKafka();
        using var producer = new ProducerBuilder<byte[], byte[]>(
            new ProducerConfig
            {
                BootstrapServers = kafka.BootstrapServers,
                EnableIdempotence = true,
                LingerMs = 0,
            }
        ).SetLogHandler((_, _) => { }).Build();
        await producer.ProduceAsync("t", Of(1), patience.Token);

        kafka.GoAway();
        var whileDown = producer.ProduceAsync("t", Of(2), patience.Token);
        Assert.NotSame(
            whileDown,
            await Task.WhenAny(whileDown, Task.Delay(TimeSpan.FromMilliseconds(500), patience.Token))
        );
        kafka.ComeBack();
        await whileDown;

        using var consumer = new ConsumerBuilder<byte[], byte[]>(
            new ConsumerConfig
            {
                BootstrapServers = kafka.BootstrapServers,
                GroupId = "g",
                AutoOffsetReset = AutoOffsetReset.Earliest,
            }
        ).SetLogHandler((_, _) => { }).Build();
        consumer.Subscribe("t");
        Assert.Equal(
            [1, 2],
            [consumer.Consume(patience.Token).Message.Value[0], consumer.Consume(patience.Token).Message.Value[0]]
        );
        consumer.Close();

        static Message<byte[], byte[]> Of(byte number) => new() { Key = [7], Value = [number] };
    }
}
