using System.Text;
using CloudNative.CloudEvents;
using Confluent.Kafka;
using GroupBuyActors.Events;
using GroupBuyActors.Groups;
using GroupBuyActors.Integrations.Kafka;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Integrations.Tests.Kafka;

/// <summary>CloudEvents in Kafka's binary mode, by the examples of the binding's specification.</summary>
public sealed class CloudEventTests
{
    /// <summary>Section 3.2.5 of the Kafka protocol binding for CloudEvents 1.0.</summary>
    [Fact]
    public void TheSpecificationsExampleComesOutAsItIsPrinted()
    {
        var message = KafkaBinding.Message(
            new CloudEvent(CloudEventsSpecVersion.V1_0)
            {
                Type = "com.example.someevent",
                Source = new Uri("/mycontext/subcontext", UriKind.Relative),
                Id = "1234-1234-1234",
                Time = new DateTimeOffset(2018, 4, 5, 3, 56, 24, TimeSpan.Zero),
                DataContentType = "application/avro",
                Data = new byte[] { 1, 2, 3 },
            },
            "mykey"
        );
        Assert.Equal("mykey", message.Key);
        Assert.Equal(
            [
                "ce_id: 1234-1234-1234",
                "ce_source: /mycontext/subcontext",
                "ce_specversion: 1.0",
                "ce_time: 2018-04-05T03:56:24Z",
                "ce_type: com.example.someevent",
                "content-type: application/avro",
            ],
            Headers(message)
        );
        Assert.Equal([1, 2, 3], message.Value);
    }

    /// <summary>Section 3.2.3: headers are UTF-8 strings, whatever the attribute's type.</summary>
    [Fact]
    public void AttributesOfEveryTypeAreStrings()
    {
        var number = CloudEventAttribute.CreateExtension("number", CloudEventAttributeType.Integer);
        var flag = CloudEventAttribute.CreateExtension("flag", CloudEventAttributeType.Boolean);
        var bytes = CloudEventAttribute.CreateExtension("bytes", CloudEventAttributeType.Binary);
        var cloudEvent = new CloudEvent(CloudEventsSpecVersion.V1_0, [number, flag, bytes])
        {
            Type = "t",
            Source = new Uri("urn:x"),
            Id = "1",
            Subject = "拼团",
            DataSchema = new Uri("https://example.com/schema"),
            [number] = -7,
            [flag] = true,
            [bytes] = new byte[] { 255 },
        };
        var headers = Headers(KafkaBinding.Message(cloudEvent, "k"));
        Assert.Contains("ce_number: -7", headers);
        Assert.Contains("ce_flag: true", headers);
        Assert.Contains("ce_bytes: /w==", headers);
        Assert.Contains("ce_subject: 拼团", headers);
        Assert.Contains("ce_dataschema: https://example.com/schema", headers);
    }

    [Fact]
    public void AnEventWithoutWhatIsRequiredIsRefused() =>
        Assert.Throws<ArgumentException>(() =>
            KafkaBinding.Message(new CloudEvent(CloudEventsSpecVersion.V1_0) { Id = "1" }, "k")
        );

    [Fact]
    public void AGroupsEventCarriesItsIdTypeSourceSequenceAndTrace()
    {
        var group = GroupId.Parse("10042.SH-PUDONG.tea-1123");
        var recorded = new RecordedEvent(7, default, new GroupJoiningEnded(default), null);
        var payload = JournalPayload.Write(recorded);
        var message = KafkaBinding.Message(
            GroupCloudEvents.Of(
                new OutgoingEvent(
                    group.Actor,
                    7,
                    GroupEvents.NameOf(recorded.Event),
                    1,
                    new DateTimeOffset(2026, 11, 23, 19, 0, 0, 123, TimeSpan.Zero),
                    JournalPayload.Data(GroupEvents.NameOf(recorded.Event), 1, payload),
                    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
                )
            ),
            group.Value
        );
        Assert.Equal(
            [
                "ce_id: 10042.SH-PUDONG.tea-1123:7",
                "ce_sequence: 7",
                "ce_source: /groups/10042.SH-PUDONG.tea-1123",
                "ce_specversion: 1.0",
                "ce_time: 2026-11-23T19:00:00.123Z",
                "ce_traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "ce_type: groupbuy.group.joining-ended.v1",
                "content-type: application/json",
            ],
            Headers(message)
        );
        Assert.Equal(GroupEvents.Serialize(recorded.Event), message.Value);
        Assert.Equal(1_795_460_400_123, message.Timestamp.UnixTimestampMs);
    }

    private static IEnumerable<string> Headers(Message<string, byte[]> message) =>
        message
            .Headers.Select(header => $"{header.Key}: {Encoding.UTF8.GetString(header.GetValueBytes())}")
            .Order(StringComparer.Ordinal);
}
