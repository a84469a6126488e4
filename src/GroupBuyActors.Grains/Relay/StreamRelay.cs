using System.Collections.Frozen;
using GroupBuyActors.Hosting;
using GroupBuyActors.Store.Committing;
using GroupBuyActors.Store.Streams;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Relay;

/// <summary>
/// Carries this silo's streams to every sink, and drains those of silos that are gone. A stream's rows are committed in position
/// order, so the stream itself is the outbox: nothing is written for the relay but cursors.
/// </summary>
internal sealed class StreamRelay(
    ICommitter committer, IStreams streams, IEnumerable<IStreamSink> sinks, TimeProvider time, IOptions<GrainsOptions> options,
    RelayMetrics metrics, ILogger<StreamRelay> log)
{
    private const int RowsAtOnce = 500;
    private readonly IStreamSink[] _sinks = [.. sinks];
    private readonly CancellationTokenSource _stopping = new();
    private volatile FrozenDictionary<long, SinkPump[]> _pumps = FrozenDictionary<long, SinkPump[]>.Empty;
    private Task[] _running = [];

    /// <summary>Listens from now on; called before the committer starts, so that no commit is missed.</summary>
    public void Listen()
    {
        metrics.Observe(() => _pumps.Values.SelectMany(pumps => pumps));
        committer.Subscribe(OnCommitted);
    }

    /// <summary>Starts pumping; called when the committer knows its streams and before the first commit.</summary>
    public void Start()
    {
        _pumps = committer.Streams.ToFrozenDictionary(stream => stream,
            stream => Array.ConvertAll(_sinks, sink => new SinkPump(stream, sink, streams, options.Value, metrics, time, log)));
        _running = [.. _pumps.Values.SelectMany(pumps => pumps).Select(pump => Task.Run(() => pump.RunAsync(_stopping.Token)))];
    }

    /// <summary>
    /// Hands a dead stream's rest to every durable sink and marks it drained. Ends early, to be called again, where a sink cannot
    /// take it now.
    /// </summary>
    public async Task DrainAsync(long stream, CancellationToken cancellation)
    {
        foreach (var sink in _sinks)
            if (sink.IsDurable) await DrainAsync(stream, sink, cancellation);
        await streams.MarkDrainedAsync(stream, cancellation);
        RelayLog.Drained(log, stream);
    }

    /// <summary>Stops pumping and hands over what is left, bounded by the token. True where all was taken: the streams need no adopter.</summary>
    public async Task<bool> StopAsync(CancellationToken cancellation)
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var done = true;
        foreach (var pump in _pumps.Values.SelectMany(pumps => pumps)) done &= await pump.FlushAsync(cancellation);
        return done;
    }

    private async Task DrainAsync(long stream, IStreamSink sink, CancellationToken cancellation)
    {
        var position = await streams.CursorAsync(stream, sink.Name, cancellation);
        while (true)
        {
            var rows = await streams.ReadAsync(stream, position, RowsAtOnce, cancellation);
            if (rows.Count == 0) return;
            await sink.TakeAsync(rows, cancellation);
            position = rows[^1].Position;
            await streams.MoveCursorAsync(stream, sink.Name, position, cancellation);
        }
    }

    private void OnCommitted(CommittedBatch batch)
    {
        if (!_pumps.TryGetValue(batch.Stream, out var pumps)) return;
        foreach (var pump in pumps) pump.Add(batch);
    }
}
