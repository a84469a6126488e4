using System.Collections.Concurrent;
using System.Collections.Frozen;
using GroupBuyActors.Background;
using GroupBuyActors.Committing;

namespace GroupBuyActors.Relay;

/// <summary>
/// Forwards this silo's streams to every sink, and drains the streams of silos that have left. A stream's rows are
/// committed in position order, so the stream itself is the outbox: the relay writes nothing but cursors.
/// </summary>
internal sealed class StreamRelay(ICommitter committer, StreamSinks sinks, RelayServices relay)
{
    private readonly IStreamSink[] _sinks = [.. sinks.All];
    private readonly ConcurrentDictionary<StreamForwarder, byte> _draining = new();
    private readonly CancellationTokenSource _stopping = new();
    private IReadOnlyList<(StreamForwarder Forwarder, Task Running)> _running = [];
    private volatile FrozenDictionary<long, StreamForwarder[]> _forwarders = FrozenDictionary<
        long,
        StreamForwarder[]
    >.Empty;

    /// <summary>The sinks that must have taken a row before it may be removed from the journal.</summary>
    public IReadOnlyList<string> DurableSinks => [.. _sinks.Select(sink => sink.Name)];

    /// <summary>Subscribes to commits; called before the committer starts, so that none is missed.</summary>
    public void Listen()
    {
        relay.Metrics.Observe(() => _forwarders.Values.SelectMany(forwarders => forwarders).Concat(_draining.Keys));
        committer.Subscribe(OnCommitted);
    }

    /// <summary>
    /// Starts the forwarders; called when the committer knows its streams and before the first commit.
    /// </summary>
    public void Start(BackgroundSupervisor background)
    {
        _forwarders = committer.Streams.ToFrozenDictionary(
            stream => stream,
            stream => Array.ConvertAll(_sinks, sink => Forwarder(stream, sink))
        );
        _running =
        [
            .. _forwarders
                .Values.SelectMany(forwarders => forwarders)
                .Select(forwarder => (forwarder, background.RunAsync(forwarder, _stopping.Token))),
        ];
    }

    /// <summary>
    /// Forwards the rest of a dead stream to every sink and marks it as drained. Each sink takes it at its own pace,
    /// with retries until it does; a sink that is down delays the mark but not the other sinks.
    /// </summary>
    public async Task DrainAsync(long stream, CancellationToken cancellation)
    {
        await Task.WhenAll(_sinks.Select(sink => DrainAsync(stream, sink, cancellation)));
        await relay.Streams.MarkDrainedAsync(stream, cancellation);
        RelayLog.Drained(relay.Log, stream);
    }

    /// <summary>
    /// Stops the forwarders and forwards the rest, bounded by the token and by a time limit. True if all was taken, so
    /// that the streams need not be adopted.
    /// </summary>
    public async Task<bool> StopAsync(CancellationToken cancellation)
    {
        await _stopping.CancelAsync();
        using var limit = new CancellationTokenSource(relay.Options.RelayFlushBound, relay.Time);
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

    private StreamForwarder Forwarder(long stream, IStreamSink sink) => new(stream, sink.Of(stream), relay, sink.Kinds);

    private void OnCommitted(CommittedBatch batch)
    {
        if (!_forwarders.TryGetValue(batch.Stream, out var forwarders))
            return;
        foreach (var forwarder in forwarders)
            forwarder.Add(batch);
    }
}
