using GroupBuyActors.Hosting;
using GroupBuyActors.Ports;
using GroupBuyActors.Reading;
using GroupBuyActors.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Relay;

/// <summary>
/// A publisher as a sink of streams; the consumer of one stream is an <see cref="EventRelay"/>.
/// </summary>
internal sealed class EventSink(
    IEventPublisher publisher,
    ActorEventRegistry kinds,
    IBlockedActorStore blockedActors,
    IActorReader reader,
    ClusterClock clock,
    IOptions<GrainsOptions> options,
    RelayMetrics metrics,
    ILogger<EventSink> log
) : IStreamSink
{
    public string Name => publisher.Name;

    public IReadOnlyCollection<string> Kinds { get; } = kinds.Of(publisher);

    /// <summary>The sink of a publisher.</summary>
    public static EventSink For(IServiceProvider provider, IEventPublisher publisher) =>
        ActivatorUtilities.CreateInstance<EventSink>(provider, publisher);

    public IStreamConsumer Of(long stream)
    {
        var waiting = new BlockedActors(
            stream,
            publisher,
            kinds,
            blockedActors,
            reader,
            clock,
            options.Value,
            metrics,
            log
        );
        return new EventRelay(stream, publisher, kinds, blockedActors, waiting, options.Value, metrics, clock);
    }
}
