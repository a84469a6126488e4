using GroupBuyActors.Committing;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Store.Committing;

/// <summary>A lane's notifications to its committer.</summary>
internal interface ILaneListener
{
    /// <summary>A transaction is durable. Called on the lane's thread, in order of positions.</summary>
    void Committed(CommittedBatch batch);

    /// <summary>The lane has stopped for good.</summary>
    void Fenced(string reason);
}

/// <summary>
/// Writes one stream's commits, one transaction at a time, on a thread of its own. Commits that arrive while a
/// transaction runs form the next one. The next packet is built only when the outcome of the previous one is known, so
/// later commits of a refused activation are left out.
/// </summary>
internal sealed class Lane
{
    private readonly int _number;
    private readonly LaneWriter _writer;
    private readonly CommitQueue _queue;
    private readonly ILaneListener _listener;
    private readonly StoreOptions _options;
    private readonly TimeProvider _time;
    private readonly CommitMetrics _metrics;
    private readonly ILogger _log;
    private readonly TimeSpan _confirmAfter;
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<QueuedCommit> _batch = [];
    private readonly List<QueuedCommit> _deferred = [];
    private int _batchBytesMax;
    private long _triedAgainAt;

    public Lane(
        int number,
        LaneWriter writer,
        ILaneListener listener,
        StoreOptions options,
        TimeProvider time,
        CommitMetrics metrics,
        ILogger log
    )
    {
        (_number, _writer, _listener, _options, _time, _metrics, _log) = (
            number,
            writer,
            listener,
            options,
            time,
            metrics,
            log
        );
        _queue = new CommitQueue(options.LaneQueueMax, options.LaneQueueBytesMax, time);
        // The timer ticks more often, so that no connection is idle for longer than the interval.
        _confirmAfter = options.FenceConfirmInterval * 0.75;
    }

    /// <summary>The stream's id, once open.</summary>
    public long Stream => _writer.Stream;

    /// <summary>See <see cref="ICommitter.FenceConfirmedAt"/>.</summary>
    public long FenceConfirmedAt => _writer.ConfirmedAt;

    /// <summary>Bytes of commits that fit in one transaction, once open.</summary>
    public int BatchBytesMax => _batchBytesMax;

    /// <summary>Queued commits that are not being written yet.</summary>
    public int Waiting => _queue.Waiting;

    /// <summary>Completes when the thread has ended.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Starts the thread; completes when the stream is allocated.</summary>
    public Task OpenAsync(SiloIdentity silo)
    {
        new Thread(() => Run(silo)) { IsBackground = true, Name = $"commit lane {_number}" }.Start();
        return _opened.Task;
    }

    /// <summary>See <see cref="ICommitter.TryReserve"/>.</summary>
    public QueuedCommit? TryReserve() => _writer.Refuses ? null : _queue.TryReserve(this);

    /// <summary>Adds a commit to the queue.</summary>
    public Task<CommitResult> CommitAsync(QueuedCommit queued, Commit commit, int bytes)
    {
        var outcome = queued.Submit(commit, bytes, _time.GetTimestamp());
        if (!_queue.TryAdd(queued))
            queued.Complete(CommitStatus.Unavailable, 0);
        return outcome;
    }

    /// <summary>Refuses new commits; the thread ends when the queued ones are written.</summary>
    public void Stop() => _queue.Stop();

    private void Run(SiloIdentity silo)
    {
        try
        {
            _batchBytesMax = _writer.Open(silo);
        }
        catch (Exception e)
        {
            _writer.Close();
            _opened.SetException(e);
            _ended.SetResult();
            return;
        }
        CommitLog.LaneOpened(_log, _number, Stream, silo.Address);
        // Created before callers know that the lane is open: a test may advance its clock as soon as it is.
        using var tick = _time.CreateTimer(
            _ => Tick(),
            null,
            StoreOptions.RecoveryInterval,
            StoreOptions.RecoveryInterval
        );
        _opened.SetResult();
        try
        {
            if (WriteUntilTheEnd())
                CommitLog.LaneClosed(_log, _number, Stream, _writer.LastPosition);
            else
                End(_writer.FenceReason!);
        }
        catch (Exception e)
        {
            // The outcome of the current batch is unknown and its callers get no answer; the process exits.
            CommitLog.LaneFailed(_log, _number, e);
            End("The commit lane failed; see the log.");
        }
        _writer.Close();
        _ended.SetResult();
    }

    private void Tick()
    {
        if (_queue.HasDeferred || _writer.Refuses || _time.GetElapsedTime(_writer.ConfirmedAt) >= _confirmAfter)
            _queue.Wake();
    }

    private bool WriteUntilTheEnd()
    {
        while (_queue.Take(_batch, _options.BatchCommitsMax, _batchBytesMax))
        {
            var alive = true;
            if (_writer.Refuses)
                alive = TryAgain();
            else if (_batch.Count > 0)
                alive = WriteBatch();
            else if (_time.GetElapsedTime(_writer.ConfirmedAt) >= _confirmAfter)
                alive = _writer.Confirm();
            if (!alive)
                return false;
        }
        return true;
    }

    /// <summary>
    /// While the database refuses writes: fails queued commits, and tests from time to time whether it accepts writes
    /// again. False if the stream is fenced.
    /// </summary>
    private bool TryAgain()
    {
        GiveUp(_batch);
        _batch.Clear();
        // Half, because a try that took a while must not let the next tick of the timer pass.
        if (_time.GetElapsedTime(_triedAgainAt) < StoreOptions.RecoveryInterval / 2)
            return true;
        var confirmed = _writer.ConfirmedAt;
        if (!_writer.Confirm())
            return false;
        if (_writer.ConfirmedAt != confirmed && _writer.AcceptsWrites())
        {
            _writer.Resume();
            CommitLog.AcceptsAgain(_log, Stream);
        }
        _triedAgainAt = _time.GetTimestamp();
        return true;
    }

    /// <summary>Fails commits of which nothing is stored: they were never sent, or their refusal is known.</summary>
    private void GiveUp(List<QueuedCommit> reservations)
    {
        foreach (var queued in reservations)
        {
            queued.Commit.Token.Poison();
            _metrics.CommitEnded(_time.GetElapsedTime(queued.SubmittedAt));
            queued.Complete(CommitStatus.Unavailable, Stream);
        }
    }

    private bool WriteBatch()
    {
        foreach (var queued in _batch)
            queued.Status = queued.Commit.Token.IsPoisoned ? CommitStatus.Stale : null;
        var sorted = Sort(_batch.FindAll(p => p.Status is null));
        var alive = sorted.Count == 0 || _writer.Write(sorted, _deferred);
        if (_deferred.Count > 0 && alive)
        {
            _queue.Defer([.. _deferred]);
            _batch.RemoveAll(_deferred.Contains);
        }
        _deferred.Clear();
        Conclude(sorted);
        _batch.Clear();
        if (alive && _writer.Refuses)
        {
            var line = _queue.TakeAll();
            CommitLog.Refuses(_log, Stream, sorted.Count + line.Count);
            GiveUp(line);
            _triedAgainAt = _time.GetTimestamp();
        }
        return alive;
    }

    /// <summary>
    /// Sorts by actor, so that two lanes lock the index on (actor, sequence) in the same order and cannot deadlock.
    /// Commits of an actor, and of an activation, stay in the order of their calls, because a later one may be based on
    /// an earlier one.
    /// </summary>
    private static List<QueuedCommit> Sort(List<QueuedCommit> batch)
    {
        if (batch.Count < 2)
            return batch;
        Dictionary<ActivationToken, string>? actors = null;
        if (batch.Exists(p => p.Commit.Actor is null))
        {
            actors = [];
            foreach (var queued in batch)
                if (queued.Commit.Actor is { } actor)
                    actors.TryAdd(queued.Commit.Token, actor.ToString());
        }
        return
        [
            .. batch.OrderBy(
                p => p.Commit.Actor?.ToString() ?? actors!.GetValueOrDefault(p.Commit.Token, ""),
                StringComparer.Ordinal
            ),
        ];
    }

    /// <summary>Notifies subscribers, then completes callers' tasks.</summary>
    private void Conclude(List<QueuedCommit> sorted)
    {
        var committed = new List<(long, Commit)>(sorted.Count);
        foreach (var queued in sorted)
            if (queued.Status == CommitStatus.Committed)
                committed.Add((queued.FirstPosition, queued.Commit));
        if (committed.Count > 0)
        {
            _metrics.BatchWritten(committed.Count);
            _listener.Committed(new CommittedBatch(Stream, committed));
        }
        var stale = 0;
        foreach (var queued in _batch)
        {
            if (queued.Status == CommitStatus.Stale)
                stale++;
            _metrics.CommitEnded(_time.GetElapsedTime(queued.SubmittedAt));
            queued.Complete(queued.Status ?? CommitStatus.Unavailable, Stream);
        }
        if (stale > 0)
            _metrics.Stale(stale);
    }

    private void End(string reason)
    {
        CommitLog.Fenced(_log, Stream, reason);
        foreach (var queued in _queue.Close())
            queued.Complete(CommitStatus.Unavailable, Stream);
        _listener.Fenced(reason);
    }
}
