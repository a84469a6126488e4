using GroupBuyActors.Hosting;
using GroupBuyActors.Streams;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Relay;

/// <summary>What all forwarders of a silo share.</summary>
/// <param name="Streams">Where streams and cursors are stored.</param>
/// <param name="Options">Their bounds.</param>
/// <param name="Metrics">What they count.</param>
/// <param name="Time">The machine's clock: for waiting.</param>
/// <param name="Clock">The clock of the times in journal rows, which tell how long one of them waits.</param>
/// <param name="Log">What they report.</param>
internal sealed record RelayServices(
    IStreams Streams,
    GrainsOptions Options,
    RelayMetrics Metrics,
    TimeProvider Time,
    TimeProvider Clock,
    ILogger Log
);
