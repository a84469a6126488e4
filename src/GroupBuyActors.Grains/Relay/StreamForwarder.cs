using GroupBuyActors.Background;
using GroupBuyActors.Committing;
using GroupBuyActors.Reading;
using GroupBuyActors.Retries;

namespace GroupBuyActors.Relay;

/// <summary>
/// Forwards one stream to one sink: from memory as it is committed or, if too much waits in memory, from the table
/// until it has caught up. Each sink has a forwarder and a cursor of its own, so that a sink that is down does not
/// affect others.
/// <para>
/// A cursor row stores how far the sink has taken the stream. It is written after the sink has taken a batch and only
/// moves forward, so a crash repeats at most what was taken in one interval of the cursor, and never skips anything.
/// </para>
/// </summary>
internal sealed class StreamForwarder(
    long stream,
    IStreamConsumer sink,
    RelayServices relay,
    IReadOnlyCollection<string>? kinds = null
) : StreamingService
{
    private static readonly Backoff TakeAgain = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(5));

    private readonly Lock _gate = new();
    private readonly Queue<(long Last, Commit Commit, DateTimeOffset Arrived)> _waiting = new();
    private readonly Signal _arrived = new();

    // Cancelled when there is no time left to finish the batch in progress.
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

    /// <summary>
    /// The number of commits that are not taken yet, if they are in memory; otherwise the number of positions.
    /// </summary>
    public long Backlog
    {
        get
        {
            lock (_gate)
                return _behind ? _head - _taken : _waiting.Count + _inHand.Count;
        }
    }

    /// <summary>How long the oldest of them has waited, in seconds.</summary>
    public double Lag
    {
        get
        {
            lock (_gate)
                return _head == _taken ? 0 : Math.Max(0, (relay.Clock.GetUtcNow() - _oldest).TotalSeconds);
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
        var now = relay.Clock.GetUtcNow();
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

            if (_waiting.Count > relay.Options.RelayBacklogMax)
            {
                _waiting.Clear();
                _behind = true;
                RelayLog.Behind(relay.Log, stream, sink.Name);
            }
        }

        _arrived.Set();
    }

    /// <summary>
    /// Waits for commits and passes them to the sink; returns the number of positions. If it is cancelled, a batch that
    /// the sink is taking is still taken.
    /// </summary>
    public override async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        var arrived = await _arrived.WaitAsync(
            IsCursorFlushed ? Timeout.InfiniteTimeSpan : relay.Options.RelayCursorInterval,
            relay.Time,
            cancellation
        );
        // Commits in quick succession are taken together, but only those that are there now, so that under load, too,
        // the next batch is collected for an interval.
        if (arrived && sink.Gathers(relay.Options) is var gathers && gathers > TimeSpan.Zero)
            await Task.Delay(gathers, relay.Time, cancellation);
        var (before, head) = (Taken, Head);
        try
        {
            while (Taken < head && await StepAsync(cancellation)) { }
            await FlushCursorIfDueAsync(cancellation);
        }
        catch
        {
            // The next run must not wait for another commit, because some are left.
            _arrived.Set();
            throw;
        }

        return (int)(Taken - before);
    }

    /// <summary>
    /// Waits for the run in progress, which was cancelled, and forwards the rest until the token is cancelled. True if
    /// all was taken.
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
            RelayLog.NotFlushed(relay.Log, e, stream, sink.Name);
            return false;
        }
    }

    /// <summary>Forwards the rest at the end; true if nothing is left.</summary>
    public async Task<bool> FlushAsync(CancellationToken cancellation)
    {
        await using var halt = cancellation.Register(_halt.Cancel);
        while (await StepAsync(cancellation)) { }
        await FlushCursorAsync(cancellation);
        return IsCursorFlushed && Head == Taken;
    }

    /// <summary>
    /// Forwards a stream that is no longer written to, from its cursor to its end, with the sink's blocked actors in
    /// it. Does nothing where the stream is drained already: its cursors are gone, and all of it would be forwarded
    /// again.
    /// </summary>
    public async Task DrainAsync(CancellationToken cancellation)
    {
        await using var halt = cancellation.Register(_halt.Cancel);
        var isDrained = false;
        await UntilTakenAsync(
            async () =>
            {
                if (await relay.Streams.UndrainedCursorAsync(stream, sink.Name, cancellation) is not { } cursor)
                {
                    isDrained = true;
                    return;
                }

                var end = await relay.Streams.EndAsync(stream, cancellation);
                lock (_gate)
                    (_taken, _cursor, _head, _behind, _oldest) = (
                        cursor,
                        cursor,
                        Math.Max(cursor, end),
                        cursor < end,
                        relay.Clock.GetUtcNow()
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
            await Task.Delay(relay.Options.RelayCursorInterval, relay.Time, cancellation);
        }
    }

    private bool IsCursorFlushed => _isMaintained && _cursor == Taken;

    /// <summary>Forwards one batch; false if there is none.</summary>
    private async Task<bool> StepAsync(CancellationToken stopping)
    {
        // A batch is kept until it is taken, so that stopping in between does not lose it.
        if (_inHand.Count == 0 && !Gather())
            return await StepFromTableAsync(stopping);
        if (_inHand.Count == 0)
            return false;
        await TakeAsync(_inHand, commit => commit.Actor, sink.TakeAsync, stopping);
        lock (_gate)
        {
            _inHand.Clear();
            _taken = _lastInHand;
            // If later commits are in the table only, its first page shows since when they wait.
            if (!_behind)
                _oldest = _waiting.TryPeek(out var next) ? next.Arrived : relay.Clock.GetUtcNow();
        }

        await FlushCursorIfDueAsync(stopping);
        return true;
    }

    /// <summary>Takes the next batch from memory; false if it must be read from the table.</summary>
    private bool Gather()
    {
        lock (_gate)
        {
            if (_behind)
                return false;
            while (_inHand.Count < relay.Options.RelayBatchMax && _waiting.TryDequeue(out var next))
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
            async () => rows = await relay.Streams.ReadAsync(stream, _taken, relay.Options.RelayBatchMax, _halt.Token),
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
            // Committed rows are in the table; if there are none, the database has lost them, and waiting for them is
            // useless.
            (_taken, _oldest) = rows.Count > 0 ? (rows[^1].Position, rows[^1].Time) : (_head, _oldest);
            // From here on commits are forwarded from memory again, because they are added under the same lock.
            if (_taken >= _head)
                _behind = false;
            more = _behind;
        }

        await FlushCursorIfDueAsync(stopping);
        return more;
    }

    private async Task FlushCursorIfDueAsync(CancellationToken stopping)
    {
        if (
            !IsCursorFlushed
            && (_flushedAt is not { } at || relay.Time.GetElapsedTime(at) >= relay.Options.RelayCursorInterval)
        )
            await FlushCursorAsync(stopping);
    }

    private async Task FlushCursorAsync(CancellationToken stopping)
    {
        var taken = Taken;
        await UntilTakenAsync(async () => _isMaintained = await sink.MaintainAsync(taken, _halt.Token), stopping);
        if (taken > _cursor)
        {
            await UntilTakenAsync(() => sink.MoveCursorAsync(relay.Streams, stream, taken, _halt.Token), stopping);
            _cursor = taken;
        }

        _flushedAt = relay.Time.GetTimestamp();
    }

    /// <summary>Passes those of the sink's kinds to the sink, if there are any.</summary>
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
                RelayLog.NotTaken(relay.Log, e, stream, sink.Name);
                relay.Metrics.Failed(sink.Name);
                await Task.Delay(TakeAgain.After(failures), relay.Time, stopping);
            }
        }
    }
}
