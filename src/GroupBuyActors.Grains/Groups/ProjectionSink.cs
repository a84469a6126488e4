using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Reading;
using GroupBuyActors.Relay;
using GroupBuyActors.Store.Projections;
using GroupBuyActors.Streams;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Groups;

/// <summary>
/// The lists and books as a sink of streams: what they take of one stream is a <see cref="StreamProjection"/>.
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

    public IStreamSink Of(long stream) =>
        new StreamProjection(stream, projections, reader, blockedActors, clock, options.Value, metrics, log);

    public Task TakeAsync(IReadOnlyList<Commit> commits, CancellationToken cancellation) => throw OfOneStream();

    public Task TakeAsync(IReadOnlyList<JournalRow> rows, CancellationToken cancellation) => throw OfOneStream();

    private static InvalidOperationException OfOneStream() => new("Changes must be taken stream by stream.");
}
