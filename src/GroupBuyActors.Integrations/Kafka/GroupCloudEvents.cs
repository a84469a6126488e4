using System.Globalization;
using CloudNative.CloudEvents;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Integrations.Kafka;

/// <summary>An actor's event as a CloudEvent 1.0: its source is the actor's address, <c>/{kind}/{key}</c>.</summary>
internal static class GroupCloudEvents
{
    // Both are extensions that CloudEvents documents: sequence, and distributed tracing.
    private static readonly CloudEventAttribute Sequence = CloudEventAttribute.CreateExtension(
        "sequence",
        CloudEventAttributeType.String
    );
    private static readonly CloudEventAttribute TraceParent = CloudEventAttribute.CreateExtension(
        "traceparent",
        CloudEventAttributeType.String
    );
    private static readonly CloudEventAttribute[] Extensions = [Sequence, TraceParent];

    public static CloudEvent Of(OutgoingEvent happened)
    {
        var cloudEvent = new CloudEvent(CloudEventsSpecVersion.V1_0, Extensions)
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{happened.Actor.Key}:{happened.Sequence}"),
            Type = string.Create(CultureInfo.InvariantCulture, $"groupbuy.{happened.Type}.v{happened.Version}"),
            Source = new Uri($"/{happened.Actor.Kind}/{happened.Actor.Key}", UriKind.Relative),
            Time = happened.Time,
            DataContentType = KafkaBinding.Json,
            Data = happened.Data.ToArray(),
        };
        cloudEvent[Sequence] = happened.Sequence.ToString(CultureInfo.InvariantCulture);
        if (happened.Trace is { Length: > 0 } trace)
            cloudEvent[TraceParent] = trace;
        return cloudEvent;
    }
}
