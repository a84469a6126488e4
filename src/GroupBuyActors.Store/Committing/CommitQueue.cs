using GroupBuyActors.Committing;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Committing;

/// <summary>
/// The commits that wait for a lane, bounded in number and bytes. Space is reserved before a decision, because a
/// decision cannot be undone. As soon as the lane has ended a transaction, it takes as many commits as fit in the next
/// one.
/// </summary>
/// <remarks>
/// Callers only use fields that <see cref="_gate"/> guards, briefly; the other fields are used by the lane's thread
/// only.
/// </remarks>
internal sealed class CommitQueue(int commitsMax, long bytesMax, TimeProvider time)
{
    private static readonly TimeSpan s_deferredFor = TimeSpan.FromSeconds(1);
    private readonly object _gate = new();
    private List<QueuedCommit> _incoming = [];
    private List<QueuedCommit> _arrived = [];
    private readonly Queue<QueuedCommit> _waiting = new();
    private readonly List<QueuedCommit> _deferred = [];
    private readonly HashSet<TaskKey> _touched = [];
    private int _reserved;
    private int _queued;
    private long _bytes;
    private long _deferredAt;
    private bool _closed;
    private bool _woken;

    /// <summary>Queued commits that the lane has not taken yet.</summary>
    public int Waiting => Volatile.Read(ref _queued);

    /// <summary>Reserves space, or returns null if the queue is full.</summary>
    public QueuedCommit? TryReserve(Lane lane)
    {
        if (Volatile.Read(ref _closed) || Volatile.Read(ref _bytes) >= bytesMax)
            return null;
        if (Interlocked.Increment(ref _reserved) <= commitsMax)
            return new QueuedCommit(this, lane);
        Release();
        return null;
    }

    public void Release() => Interlocked.Decrement(ref _reserved);

    /// <summary>Adds a commit; false if the lane has stopped.</summary>
    public bool TryAdd(QueuedCommit queued)
    {
        lock (_gate)
        {
            if (_closed)
                return false;
            _incoming.Add(queued);
            Interlocked.Add(ref _bytes, queued.Bytes);
            Interlocked.Increment(ref _queued);
            if (_incoming.Count == 1)
                Monitor.Pulse(_gate);
            return true;
        }
    }

    /// <summary>Makes <see cref="Take"/> return even without a commit, because the lane has other work.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            _woken = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Refuses new commits; queued ones are still written.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>
    /// Waits for commits and takes those that fit in one transaction; none if it was woken by <see cref="Wake"/>. False
    /// when the queue is stopped and empty.
    /// </summary>
    public bool Take(List<QueuedCommit> batch, int batchCommitsMax, int batchBytesMax)
    {
        while (true)
        {
            var last = Receive(wait: _waiting.Count == 0 && !IsDeferredDue, out var woken);
            if (IsDeferredDue)
                TakeDeferred(batch, batchCommitsMax, batchBytesMax);
            else
                TakeWaiting(batch, batchCommitsMax, batchBytesMax);
            if (batch.Count > 0 || woken)
                return true;
            if (last && _waiting.Count == 0 && _deferred.Count == 0)
                return false;
        }
    }

    /// <summary>True if commits wait for a lock that another session holds.</summary>
    public bool HasDeferred => _deferred.Count > 0;

    /// <summary>
    /// Keeps commits that were blocked by a lock for a later transaction, and with them every later commit of their
    /// activation.
    /// </summary>
    public void Defer(IReadOnlyList<QueuedCommit> commits)
    {
        foreach (var queued in commits)
            Interlocked.Add(ref _bytes, queued.Bytes);
        Interlocked.Add(ref _queued, commits.Count);
        // They go to the end, unless commits of the same activation wait already: those must stay after these.
        if (_deferred.Exists(s => IsSameActivation(s, commits[0])))
            _deferred.InsertRange(0, commits);
        else
            _deferred.AddRange(commits);
        _deferredAt = time.GetTimestamp();
    }

    /// <summary>Takes all commits, deferred ones too; more may be added.</summary>
    public List<QueuedCommit> TakeAll()
    {
        Receive(wait: false, out _);
        List<QueuedCommit> all = [.. _deferred, .. _waiting];
        _deferred.Clear();
        _waiting.Clear();
        Taken(all.Count, all.Sum(queued => queued.Bytes));
        return all;
    }

    /// <summary>Refuses new commits, and returns the queued ones, which will not be written.</summary>
    public List<QueuedCommit> Close()
    {
        Stop();
        Receive(wait: false, out _);
        List<QueuedCommit> left = [.. _deferred, .. _waiting];
        _deferred.Clear();
        _waiting.Clear();
        return left;
    }

    private bool IsDeferredDue => _deferred.Count > 0 && time.GetElapsedTime(_deferredAt) >= s_deferredFor;

    /// <summary>
    /// Moves the commits that callers have added to the lane's own queue; true if no more will be added.
    /// </summary>
    private bool Receive(bool wait, out bool woken)
    {
        bool closed;
        lock (_gate)
        {
            while (wait && _incoming.Count == 0 && !_woken && !(_closed && _deferred.Count == 0))
                Monitor.Wait(_gate);
            (_incoming, _arrived) = (_arrived, _incoming);
            woken = _woken;
            _woken = false;
            closed = _closed;
        }
        foreach (var queued in _arrived)
            _waiting.Enqueue(queued);
        _arrived.Clear();
        return closed;
    }

    private void TakeWaiting(List<QueuedCommit> batch, int batchCommitsMax, int batchBytesMax)
    {
        _touched.Clear();
        var bytes = 0;
        while (
            batch.Count < batchCommitsMax
            && _waiting.TryPeek(out var next)
            && (bytes == 0 || bytes + next.Bytes <= batchBytesMax)
        )
        {
            if (_deferred.Count > 0 && _deferred.Exists(s => IsSameActivation(s, next)))
            {
                _deferred.Add(_waiting.Dequeue());
                continue;
            }
            if (!TouchesOnce(next.Commit))
                break;
            _waiting.Dequeue();
            bytes += next.Bytes;
            batch.Add(next);
        }
        Taken(batch.Count, bytes);
    }

    /// <summary>
    /// Takes all deferred commits of one activation, because only one such batch is taken per second.
    /// </summary>
    private void TakeDeferred(List<QueuedCommit> batch, int batchCommitsMax, int batchBytesMax)
    {
        var first = _deferred[0];
        var bytes = 0;
        _touched.Clear();
        for (var i = 0; i < _deferred.Count && batch.Count < batchCommitsMax; )
        {
            var queued = _deferred[i];
            if (!IsSameActivation(first, queued))
            {
                i++;
                continue;
            }
            if ((bytes > 0 && bytes + queued.Bytes > batchBytesMax) || !TouchesOnce(queued.Commit))
                break;
            _deferred.RemoveAt(i);
            bytes += queued.Bytes;
            batch.Add(queued);
        }
        Taken(batch.Count, bytes);
        _deferredAt = time.GetTimestamp();
    }

    private void Taken(int commits, int bytes)
    {
        Interlocked.Add(ref _queued, -commits);
        Interlocked.Add(ref _bytes, -bytes);
    }

    private static bool IsSameActivation(QueuedCommit a, QueuedCommit b) =>
        a.Commit.Token == b.Commit.Token || (a.Commit.Actor is { } actor && b.Commit.Actor == actor);

    /// <summary>
    /// A packet inserts tasks before it deletes and updates them, whatever the order of its commits. So a task that one
    /// commit deletes or updates and a later one inserts or updates must not be in one packet.
    /// </summary>
    private bool TouchesOnce(Commit commit)
    {
        if (_touched.Count > 0)
        {
            foreach (var task in commit.Schedules)
                if (_touched.Contains(task.Key))
                    return false;
            foreach (var task in commit.Updates)
                if (_touched.Contains(task.Key))
                    return false;
        }
        foreach (var key in commit.Removals)
            _touched.Add(key);
        foreach (var task in commit.Updates)
            _touched.Add(task.Key);
        return true;
    }
}
