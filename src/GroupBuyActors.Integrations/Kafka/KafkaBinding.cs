using System.Net.Mime;
using System.Text;
using CloudNative.CloudEvents;
using Confluent.Kafka;

namespace GroupBuyActors.Integrations.Kafka;

/// <summary>
/// CloudEvents over Kafka, binary content mode (CloudEvents Kafka protocol binding 1.0, section 3.2): each attribute is
/// a header <c>ce_{name}</c> in UTF-8, except <c>datacontenttype</c>, which is <c>content-type</c>; the value is the
/// data.
/// </summary>
internal static class KafkaBinding
{
    private const string Prefix = "ce_";
    private const string ContentType = "content-type";

    /// <summary>The message of an event, whose data must be bytes.</summary>
    public static Message<string, byte[]> Message(CloudEvent cloudEvent, string key)
    {
        if (!cloudEvent.IsValid)
            throw new ArgumentException("The event lacks a required CloudEvents attribute.", nameof(cloudEvent));
        var headers = new Headers
        {
            { Prefix + "specversion", Encoding.UTF8.GetBytes(cloudEvent.SpecVersion.VersionId) },
        };
        foreach (var (attribute, value) in cloudEvent.GetPopulatedAttributes())
            headers.Add(
                attribute == cloudEvent.SpecVersion.DataContentTypeAttribute ? ContentType : Prefix + attribute.Name,
                Encoding.UTF8.GetBytes(attribute.Format(value))
            );
        var message = new Message<string, byte[]>
        {
            Key = key,
            Headers = headers,
            Value = (byte[]?)cloudEvent.Data ?? [],
        };
        if (cloudEvent.Time is { } time)
            message.Timestamp = new Timestamp(time);
        return message;
    }

    /// <summary>JSON's media type.</summary>
    public const string Json = MediaTypeNames.Application.Json;
}
