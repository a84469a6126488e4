using GroupBuyActors.Hosting;
using GroupBuyActors.Store.Committing;
using GroupBuyActors.Store.Streams;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Relay;

/// <summary>
/// Carries one stream of this silo to one sink: from memory as it is committed, or, where memory would grow past its bound, from the
/// table until it has caught up. Each sink has a pump and a cursor of its own, so that one that is down holds up no other.
/// <para>
/// The stretch that was handed over is marked by a cursor row. It is written after the sink took it and only ever moves forward, so a
/// crash repeats at most a stretch and never skips one.
/// </para>
/// </summary>
internal sealed class SinkPump(
    long stream, IStreamSink sink, IStreams streams, GrainsOptions options, RelayMetrics metrics, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(5);
    private readonly Lock _gate = new();
    private readonly Queue<(long Last, Commit Commit)> _waiting = new();
    private readonly SemaphoreSlim _arrived = new(0, 1);
    private long _head;
    private long _taken;
    private long _cursor;
    private bool _behind;
    private long _oldestAt;
    private readonly List<Commit> _inHand = [];
    private long _lastInHand;

    public string Sink => sink.Name;

    /// <summary>Commits not taken yet, where they are in memory; positions, where they are not.</summary>
    public long Backlog
    {
        get
        {
            lock (_gate) return _behind ? _head - _taken : _waiting.Count;
        }
    }

    /// <summary>How long the oldest of them waits, in seconds.</summary>
    public double Lag
    {
        get
        {
            lock (_gate) return _head == _taken ? 0 : time.GetElapsedTime(_oldestAt).TotalSeconds;
        }
    }

    private long Head
    {
        get
        {
            lock (_gate) return _head;
        }
    }

    private long Taken
    {
        get
        {
            lock (_gate) return _taken;
        }
    }

    /// <summary>Called on the lane's thread, in position order.</summary>
    public void Add(CommittedBatch batch)
    {
        lock (_gate)
        {
            if (_head == _taken) _oldestAt = time.GetTimestamp();
            foreach (var (first, commit) in batch.Commits)
            {
                _head = first + Math.Max(1, commit.Events.Count) - 1;
                if (!_behind) _waiting.Enqueue((_head, commit));
            }

            if (_waiting.Count > options.RelayBacklogMax)
            {
                _waiting.Clear();
                _behind = true;
                RelayLog.Behind(log, stream, sink.Name);
            }
        }

        if (_arrived.CurrentCount == 0) Signal();
    }

    /// <summary>Pumps until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            await _arrived.WaitAsync(cancellation);
            // What comes in quick succession is taken together; and no more than what is there now, so that under load, too, the next
            // stretch gathers for an interval and a durable sink writes each group's newest row once.
            if (sink.IsDurable) await Task.Delay(options.RelayInterval, time, cancellation);
            var head = Head;
            while (await StepAsync(cancellation) && Taken < head) { }
        }
    }

    /// <summary>Hands over what is there now, at the end; true where nothing is left.</summary>
    public async Task<bool> FlushAsync(CancellationToken cancellation)
    {
        while (await StepAsync(cancellation)) { }
        lock (_gate) return _head == _taken;
    }

    /// <summary>One stretch; false where there is none.</summary>
    private async Task<bool> StepAsync(CancellationToken cancellation)
    {
        // A stretch in hand stays there until it was taken: stopping in between must not lose it.
        if (_inHand.Count == 0 && !Gather()) return await StepFromTableAsync(cancellation);
        if (_inHand.Count == 0) return false;
        await UntilTakenAsync(() => sink.TakeAsync(_inHand, cancellation), cancellation);
        _inHand.Clear();
        await TakenAsync(_lastInHand, cancellation);
        return true;
    }

    /// <summary>Takes the next stretch from memory; false where memory does not hold it.</summary>
    private bool Gather()
    {
        lock (_gate)
        {
            if (_behind) return false;
            while (_inHand.Count < options.RelayBatchMax && _waiting.TryDequeue(out var next))
            {
                _inHand.Add(next.Commit);
                _lastInHand = next.Last;
            }

            return true;
        }
    }

    private async Task<bool> StepFromTableAsync(CancellationToken cancellation)
    {
        IReadOnlyList<Store.Reading.JournalRow> rows = [];
        await UntilTakenAsync(async () => rows = await streams.ReadAsync(stream, _taken, options.RelayBatchMax, cancellation), cancellation);
        if (rows.Count > 0)
        {
            await UntilTakenAsync(() => sink.TakeAsync(rows, cancellation), cancellation);
            await TakenAsync(rows[^1].Position, cancellation);
        }

        lock (_gate)
        {
            // Later commits come through memory again from here: they are added under this very lock.
            if (_taken >= _head) _behind = false;
            return _behind;
        }
    }

    private async Task TakenAsync(long last, CancellationToken cancellation)
    {
        lock (_gate)
        {
            _taken = last;
            _oldestAt = time.GetTimestamp();
        }

        if (!sink.IsDurable || last <= _cursor) return;
        await UntilTakenAsync(() => streams.MoveCursorAsync(stream, sink.Name, last, cancellation), cancellation);
        _cursor = last;
    }

    private async Task UntilTakenAsync(Func<Task> take, CancellationToken cancellation)
    {
        var wait = TimeSpan.FromMilliseconds(50);
        while (true)
        {
            try
            {
                await take();
                return;
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                RelayLog.NotTaken(log, e, stream, sink.Name);
                metrics.Failed(sink.Name);
                await Task.Delay(wait, time, cancellation);
                wait = wait * 2 < RetryMax ? wait * 2 : RetryMax;
            }
        }
    }

    private void Signal()
    {
        try
        {
            _arrived.Release();
        }
        catch (SemaphoreFullException)
        {
            // Another batch signalled between the look and the release; one signal is enough.
        }
    }
}
