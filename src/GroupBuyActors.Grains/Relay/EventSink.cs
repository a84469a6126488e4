using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Ports;
using GroupBuyActors.Reading;
using GroupBuyActors.Streams;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Relay;

/// <summary>
/// A publisher outside as a sink of streams: what it takes of one stream is an <see cref="EventRelay"/>.
/// </summary>
internal sealed class EventSink(
    IEventPublisher publisher,
    IBlockedActorStore blockedActors,
    IActorReader reader,
    ClusterClock clock,
    IOptions<GrainsOptions> options,
    RelayMetrics metrics,
    ILogger<EventSink> log
) : IStreamSink
{
    public string Name => publisher.Name;

    public IStreamSink Of(long stream)
    {
        var waiting = new BlockedActors(stream, publisher, blockedActors, reader, clock, options.Value, metrics, log);
        return new EventRelay(stream, publisher, blockedActors, waiting, options.Value, metrics, clock);
    }

    public Task TakeAsync(IReadOnlyList<Commit> commits, CancellationToken cancellation) => throw OfOneStream();

    public Task TakeAsync(IReadOnlyList<JournalRow> rows, CancellationToken cancellation) => throw OfOneStream();

    private static InvalidOperationException OfOneStream() => new("Events must be taken stream by stream.");
}
