using GroupBuyActors.Background;
using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Reading;
using GroupBuyActors.Retries;
using GroupBuyActors.Streams;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Relay;

/// <summary>
/// Forwards one stream to one sink: from memory as it is committed, or, where memory would grow past its bound, from
/// the table until it has caught up. Each sink has a pump and a cursor of its own, so that one that is down holds up no
/// other.
/// <para>
/// The stretch that was handed over is marked by a cursor row. It is written after the sink took it and only ever moves
/// forward, so a crash repeats at most what was taken in a cursor's interval and never skips anything.
/// </para>
/// </summary>
internal sealed class StreamForwarder(
    long stream,
    IStreamConsumer sink,
    IStreams streams,
    GrainsOptions options,
    RelayMetrics metrics,
    TimeProvider time,
    ILogger log,
    TimeProvider? clock = null,
    IReadOnlyCollection<string>? kinds = null
) : StreamingService
{
    private static readonly Backoff TakeAgain = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(5));

    // The clock that journal rows tell: how long one of them waits is read off it.
    private readonly TimeProvider _clock = clock ?? time;
    private readonly Lock _gate = new();
    private readonly Queue<(long Last, Commit Commit, DateTimeOffset Arrived)> _waiting = new();
    private readonly Signal _arrived = new();

    // Cancelled when there is no time left to finish what is in hand.
    private readonly CancellationTokenSource _halt = new();
    private readonly List<Commit> _inHand = [];
    private long _head;
    private long _taken;
    private long _cursor;
    private bool _behind;
    private bool _isMaintained = true;
    private DateTimeOffset _oldest;
    private long _lastInHand;
    private long? _flushedAt;

    public override string Name => $"relay-{sink.Name}";

    /// <summary>The stream of a running silo is forwarded by that silo only.</summary>
    public override bool IsEssential => true;

    public string Sink => sink.Name;

    /// <summary>Commits not taken yet, where they are in memory; positions, where they are not.</summary>
    public long Backlog
    {
        get
        {
            lock (_gate)
                return _behind ? _head - _taken : _waiting.Count + _inHand.Count;
        }
    }

    /// <summary>How long the oldest of them waits, in seconds.</summary>
    public double Lag
    {
        get
        {
            lock (_gate)
                return _head == _taken ? 0 : Math.Max(0, (_clock.GetUtcNow() - _oldest).TotalSeconds);
        }
    }

    public int ActorsWaiting => sink.ActorsWaiting;

    public int ActorsParked => sink.ActorsParked;

    private long Head
    {
        get
        {
            lock (_gate)
                return _head;
        }
    }

    private long Taken
    {
        get
        {
            lock (_gate)
                return _taken;
        }
    }

    /// <summary>Called on the lane's thread, in position order.</summary>
    public void Add(CommittedBatch batch)
    {
        var now = _clock.GetUtcNow();
        lock (_gate)
        {
            if (_head == _taken)
                _oldest = now;
            foreach (var (first, commit) in batch.Commits)
            {
                _head = first + Math.Max(1, commit.Events.Count) - 1;
                if (!_behind)
                    _waiting.Enqueue((_head, commit, now));
            }

            if (_waiting.Count > options.RelayBacklogMax)
            {
                _waiting.Clear();
                _behind = true;
                RelayLog.Behind(log, stream, sink.Name);
            }
        }

        _arrived.Set();
    }

    /// <summary>
    /// Hands over what has arrived, once there is something; gives how many positions that were. When it is cancelled,
    /// a stretch that the sink is about to take is still taken.
    /// </summary>
    public override async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        var arrived = await _arrived.WaitAsync(
            IsCursorFlushed ? Timeout.InfiniteTimeSpan : options.RelayCursorInterval,
            time,
            cancellation
        );
        // What comes in quick succession is taken together; and no more than what is there now, so that under load,
        // too, the next stretch gathers for an interval.
        if (arrived && sink.Gathers(options) is var gathers && gathers > TimeSpan.Zero)
            await Task.Delay(gathers, time, cancellation);
        var (before, head) = (Taken, Head);
        try
        {
            while (Taken < head && await StepAsync(cancellation)) { }
            await FlushCursorIfDueAsync(cancellation);
        }
        catch
        {
            // What is left is taken up again without another commit to wait for.
            _arrived.Set();
            throw;
        }

        return (int)(Taken - before);
    }

    /// <summary>
    /// Waits for the run in progress, which was told to stop, and hands over what is left, as long as the token lets
    /// it. True where all was taken.
    /// </summary>
    public async Task<bool> StopAsync(Task running, CancellationToken bound)
    {
        await using var halt = bound.Register(_halt.Cancel);
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            return await FlushAsync(bound);
        }
        catch (Exception e) when (bound.IsCancellationRequested)
        {
            RelayLog.NotFlushed(log, e, stream, sink.Name);
            return false;
        }
    }

    /// <summary>Hands over what is there now, at the end; true where nothing is left.</summary>
    public async Task<bool> FlushAsync(CancellationToken cancellation)
    {
        await using var halt = cancellation.Register(_halt.Cancel);
        while (await StepAsync(cancellation)) { }
        await FlushCursorAsync(cancellation);
        return IsCursorFlushed && Head == Taken;
    }

    /// <summary>
    /// Forwards a stream that is no longer written, from its cursor to its end, with the sink's blocked actors in it.
    /// Does nothing where the stream is drained already: its cursors are gone, and all of it would be forwarded again.
    /// </summary>
    public async Task DrainAsync(CancellationToken cancellation)
    {
        await using var halt = cancellation.Register(_halt.Cancel);
        var isDrained = false;
        await UntilTakenAsync(
            async () =>
            {
                if (await streams.UndrainedCursorAsync(stream, sink.Name, cancellation) is not { } cursor)
                {
                    isDrained = true;
                    return;
                }

                var end = await streams.EndAsync(stream, cancellation);
                lock (_gate)
                    (_taken, _cursor, _head, _behind, _oldest) = (
                        cursor,
                        cursor,
                        Math.Max(cursor, end),
                        cursor < end,
                        _clock.GetUtcNow()
                    );
            },
            cancellation
        );
        if (isDrained)
            return;
        while (Head > Taken)
            await StepAsync(cancellation);
        while (true)
        {
            await FlushCursorAsync(cancellation);
            if (IsCursorFlushed)
                return;
            await Task.Delay(options.RelayCursorInterval, time, cancellation);
        }
    }

    private bool IsCursorFlushed => _isMaintained && _cursor == Taken;

    /// <summary>One stretch; false where there is none.</summary>
    private async Task<bool> StepAsync(CancellationToken stopping)
    {
        // A stretch in hand stays there until it was taken: stopping in between must not lose it.
        if (_inHand.Count == 0 && !Gather())
            return await StepFromTableAsync(stopping);
        if (_inHand.Count == 0)
            return false;
        await TakeAsync(_inHand, commit => commit.Actor, sink.TakeAsync, stopping);
        lock (_gate)
        {
            _inHand.Clear();
            _taken = _lastInHand;
            // Where later ones wait in the table, its first page tells since when.
            if (!_behind)
                _oldest = _waiting.TryPeek(out var next) ? next.Arrived : _clock.GetUtcNow();
        }

        await FlushCursorIfDueAsync(stopping);
        return true;
    }

    /// <summary>Takes the next stretch from memory; false where memory does not hold it.</summary>
    private bool Gather()
    {
        lock (_gate)
        {
            if (_behind)
                return false;
            while (_inHand.Count < options.RelayBatchMax && _waiting.TryDequeue(out var next))
            {
                _inHand.Add(next.Commit);
                _lastInHand = next.Last;
            }

            return true;
        }
    }

    private async Task<bool> StepFromTableAsync(CancellationToken stopping)
    {
        IReadOnlyList<JournalRow> rows = [];
        await UntilTakenAsync(
            async () => rows = await streams.ReadAsync(stream, _taken, options.RelayBatchMax, _halt.Token),
            stopping
        );
        if (rows.Count > 0)
        {
            lock (_gate)
                _oldest = rows[0].Time;
            await TakeAsync(rows, row => row.Actor, sink.TakeAsync, stopping);
        }

        bool more;
        lock (_gate)
        {
            // What was committed is there; where nothing is, its database lost it, and waiting brings nothing.
            (_taken, _oldest) = rows.Count > 0 ? (rows[^1].Position, rows[^1].Time) : (_head, _oldest);
            // Later commits come through memory again from here: they are added under this very lock.
            if (_taken >= _head)
                _behind = false;
            more = _behind;
        }

        await FlushCursorIfDueAsync(stopping);
        return more;
    }

    private async Task FlushCursorIfDueAsync(CancellationToken stopping)
    {
        if (!IsCursorFlushed && (_flushedAt is not { } at || time.GetElapsedTime(at) >= options.RelayCursorInterval))
            await FlushCursorAsync(stopping);
    }

    private async Task FlushCursorAsync(CancellationToken stopping)
    {
        var taken = Taken;
        await UntilTakenAsync(async () => _isMaintained = await sink.MaintainAsync(taken, _halt.Token), stopping);
        if (taken > _cursor)
        {
            await UntilTakenAsync(() => sink.MoveCursorAsync(streams, stream, taken, _halt.Token), stopping);
            _cursor = taken;
        }

        _flushedAt = time.GetTimestamp();
    }

    /// <summary>Hands over those of the sink's kinds; where there are none, there is nothing to take.</summary>
    private Task TakeAsync<T>(
        IReadOnlyList<T> stretch,
        Func<T, ActorId?> actorOf,
        Func<IReadOnlyList<T>, CancellationToken, Task> take,
        CancellationToken stopping
    )
    {
        if (kinds is not null && !stretch.All(IsOfKind))
            stretch = [.. stretch.Where(IsOfKind)];
        return stretch.Count == 0 ? Task.CompletedTask : UntilTakenAsync(() => take(stretch, _halt.Token), stopping);

        bool IsOfKind(T one) => actorOf(one) is { } actor && kinds.Contains(actor.Kind);
    }

    private async Task UntilTakenAsync(Func<Task> take, CancellationToken stopping)
    {
        for (var failures = 1; ; failures++)
        {
            try
            {
                await take();
                return;
            }
            catch (Exception e) when (!stopping.IsCancellationRequested && !_halt.IsCancellationRequested)
            {
                RelayLog.NotTaken(log, e, stream, sink.Name);
                metrics.Failed(sink.Name);
                await Task.Delay(TakeAgain.After(failures), time, stopping);
            }
        }
    }
}
