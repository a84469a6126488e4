using System.Collections.Concurrent;
using System.Collections.Frozen;
using GroupBuyActors.Background;
using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Streams;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Relay;

/// <summary>
/// Forwards this silo's streams to every sink, and drains the streams of silos that have left. A stream's rows are
/// committed in position order, so the stream itself is the outbox: nothing is written for the relay but cursors.
/// </summary>
internal sealed class StreamRelay(
    ICommitter committer,
    IStreams streams,
    StreamSinks sinks,
    TimeProvider time,
    ClusterClock clock,
    IOptions<GrainsOptions> options,
    RelayMetrics metrics,
    ILogger<StreamRelay> log
)
{
    private readonly IStreamSink[] _sinks = [.. sinks.All];
    private readonly ConcurrentDictionary<StreamForwarder, byte> _draining = new();
    private readonly CancellationTokenSource _stopping = new();
    private IReadOnlyList<(StreamForwarder Forwarder, Task Running)> _running = [];
    private volatile FrozenDictionary<long, StreamForwarder[]> _pumps = FrozenDictionary<long, StreamForwarder[]>.Empty;

    /// <summary>The sinks that must have had a row before it may leave the journal.</summary>
    public IReadOnlyList<string> DurableSinks => [.. _sinks.Select(sink => sink.Name)];

    /// <summary>Listens from now on; called before the committer starts, so that no commit is missed.</summary>
    public void Listen()
    {
        metrics.Observe(() => _pumps.Values.SelectMany(pumps => pumps).Concat(_draining.Keys));
        committer.Subscribe(OnCommitted);
    }

    /// <summary>Starts pumping; called when the committer knows its streams and before the first commit.</summary>
    public void Start(BackgroundSupervisor background)
    {
        _pumps = committer.Streams.ToFrozenDictionary(
            stream => stream,
            stream => Array.ConvertAll(_sinks, sink => Forwarder(stream, sink))
        );
        _running =
        [
            .. _pumps
                .Values.SelectMany(pumps => pumps)
                .Select(forwarder => (forwarder, background.RunAsync(forwarder, _stopping.Token))),
        ];
    }

    /// <summary>
    /// Hands a dead stream's rest to every sink and marks it drained. Each sink takes it at its own pace and is
    /// offered it until it does, so that one that is down for long keeps the stream from being marked and the others
    /// from nothing.
    /// </summary>
    public async Task DrainAsync(long stream, CancellationToken cancellation)
    {
        await Task.WhenAll(_sinks.Select(sink => DrainAsync(stream, sink, cancellation)));
        await streams.MarkDrainedAsync(stream, cancellation);
        RelayLog.Drained(log, stream);
    }

    /// <summary>
    /// Stops pumping and hands over what is left, bounded by the token and by a setting. True where all was taken: the
    /// streams need no adopter.
    /// </summary>
    public async Task<bool> StopAsync(CancellationToken cancellation)
    {
        await _stopping.CancelAsync();
        using var limit = new CancellationTokenSource(options.Value.RelayFlushBound, time);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        var flushed = await Task.WhenAll(
            _running.Select(started => started.Forwarder.StopAsync(started.Running, bound.Token))
        );
        return flushed.All(all => all);
    }

    private async Task DrainAsync(long stream, IStreamSink sink, CancellationToken cancellation)
    {
        var forwarder = Forwarder(stream, sink);
        _draining.TryAdd(forwarder, 0);
        try
        {
            await forwarder.DrainAsync(cancellation);
        }
        finally
        {
            _draining.TryRemove(forwarder, out _);
        }
    }

    private StreamForwarder Forwarder(long stream, IStreamSink sink) =>
        new(stream, sink.Of(stream), streams, options.Value, metrics, time, log, clock, sink.Kinds);

    private void OnCommitted(CommittedBatch batch)
    {
        if (!_pumps.TryGetValue(batch.Stream, out var pumps))
            return;
        foreach (var forwarder in pumps)
            forwarder.Add(batch);
    }
}
