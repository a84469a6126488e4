using GroupBuyActors.Hosting;
using GroupBuyActors.Reading;
using GroupBuyActors.Relay;
using GroupBuyActors.Store.Projections;
using GroupBuyActors.Streams;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Groups;

/// <summary>
/// The lists and books as a sink of streams; the consumer of one stream is a <see cref="StreamProjection"/>.
/// </summary>
internal sealed class ProjectionSink(
    IProjections projections,
    IActorReader reader,
    IBlockedActorStore blockedActors,
    ClusterClock clock,
    IOptions<GrainsOptions> options,
    RelayMetrics metrics,
    ILogger<ProjectionSink> log
) : IStreamSink
{
    public string Name => StreamProjection.SinkName;

    public IReadOnlyCollection<string> Kinds => [GroupActors.Kind];

    public IStreamConsumer Of(long stream) =>
        new StreamProjection(stream, projections, reader, blockedActors, clock, options.Value, metrics, log);
}
