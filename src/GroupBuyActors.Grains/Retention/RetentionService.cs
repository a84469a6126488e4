using GroupBuyActors.Background;
using GroupBuyActors.Placement;
using GroupBuyActors.Retries;
using GroupBuyActors.Store.Retention;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Retention;

/// <summary>
/// Removes expired rows, on one silo of the cluster (the home of the first shard), one kind after the other in small
/// steps.
/// </summary>
/// <remarks>
/// Problem: expired rows must be removed as fast as they come, without slowing down commits. Each step is one short
/// transaction; while there is a backlog, the next follows after a pause as long as the step took
/// (<see cref="PurgePace"/>). Kinds take turns, so that the backlog of one does not delay others; a kind that fails
/// waits longer each time, and continues with what is left. Two silos that both consider themselves the home are
/// harmless, because each step removes what it finds.
/// </remarks>
internal sealed class RetentionService : PeriodicService<IReadOnlyDictionary<string, long>>
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(5);
    private static readonly Backoff StepAgain = new(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(10));
    private readonly Progress[] _kinds;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly ShardMap _shardMap;
    private readonly TimeProvider _time;
    private readonly RetentionMetrics _metrics;
    private readonly ILogger<RetentionService> _log;

    public RetentionService(
        RetainedKinds kinds,
        ShardMap shardMap,
        TimeProvider time,
        RetentionMetrics metrics,
        ILogger<RetentionService> log
    )
    {
        _kinds = [.. kinds.All.Select(kind => new Progress(kind))];
        (_shardMap, _time, _metrics, _log) = (shardMap, time, metrics, log);
        metrics.Observe(
            _kinds.Select(progress => progress.Kind.Kind).Distinct(),
            () =>
                _kinds
                    .GroupBy(progress => progress.Kind.Kind)
                    .Select(kind => (kind.Key, kind.Max(progress => progress.Behind(time))))
        );
    }

    public override string Name => "retention";

    /// <summary>
    /// Makes one step of each kind that is due, if this silo is the home; returns the number of rows removed of each.
    /// </summary>
    public override async Task<IReadOnlyDictionary<string, long>> RunOnceAsync(CancellationToken cancellation)
    {
        var removed = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var progress in _kinds)
        {
            if (!IsHere)
                progress.Forget();
            else if (progress.IsDue(_time))
                removed[progress.Kind.Kind] =
                    removed.GetValueOrDefault(progress.Kind.Kind) + await StepAsync(progress, cancellation);
        }

        return removed;
    }

    /// <summary>
    /// Removes all expired rows, kind by kind, without pauses; returns the number of rows removed of each. Failures are
    /// logged.
    /// </summary>
    internal async Task<IReadOnlyDictionary<string, long>> RemoveAllAsync(CancellationToken cancellation)
    {
        var removed = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var progress in _kinds)
        {
            removed.TryAdd(progress.Kind.Kind, 0);
            do removed[progress.Kind.Kind] += await StepAsync(progress, cancellation);
            while (progress.IsBehind && progress.Failures == 0 && !progress.IsBlocked);
        }

        return removed;
    }

    protected override TimeSpan PauseAfter(IReadOnlyDictionary<string, long> result) =>
        _kinds
            .Where(progress => IsHere && progress.IsDueAfterPace(_time))
            .Select(progress => progress.Pace.Pause)
            .DefaultIfEmpty(Idle)
            .Max();

    private bool IsHere => _shardMap.IsHere(new ShardId(0));

    private async Task<long> StepAsync(Progress progress, CancellationToken cancellation)
    {
        var began = _time.GetTimestamp();
        await _turn.WaitAsync(cancellation);
        try
        {
            var step = await progress.Kind.StepAsync(progress.Pace.Rows, cancellation);
            _metrics.Removed(progress.Kind.Kind, step.Removed);
            if (progress.Stepped(step, began, _time) is { Rows: > 0 } worked)
                RetentionLog.Removed(_log, worked.Rows, progress.Kind.Kind, worked.Took.TotalSeconds);
            return step.Removed;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            _metrics.Failed(progress.Kind.Kind);
            var wait = progress.Failed(began, _time);
            RetentionLog.NotRemoved(_log, e, progress.Kind.Kind, wait.TotalSeconds);
            return 0;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The progress of one kind.</summary>
    private sealed class Progress(IRetainedKind kind)
    {
        private readonly Lock _gate = new();
        private long? _behindSince;
        private long _workedOff;
        private (long Since, TimeSpan For) _wait;

        public IRetainedKind Kind => kind;

        public PurgePace Pace { get; private set; } = PurgePace.First;

        public int Failures { get; private set; }

        /// <summary>True if something else prevented the last step for the present.</summary>
        public bool IsBlocked { get; private set; }

        public bool IsBehind => _behindSince is not null;

        public bool IsDue(TimeProvider time) => time.GetElapsedTime(_wait.Since) >= _wait.For;

        /// <summary>True if there is more to remove after the pause.</summary>
        public bool IsDueAfterPace(TimeProvider time) => IsBehind && IsDue(time);

        public TimeSpan Behind(TimeProvider time)
        {
            lock (_gate)
                return _behindSince is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero;
        }

        /// <summary>Records a step; returns the totals if it ended a backlog.</summary>
        public (long Rows, TimeSpan Took)? Stepped(PurgeStep step, long began, TimeProvider time)
        {
            (Failures, IsBlocked) = (0, step.IsBlocked);
            _workedOff += step.Removed;
            Pace = Pace.After(time.GetElapsedTime(began));
            lock (_gate)
            {
                var since = _behindSince ?? began;
                _wait = (
                    time.GetTimestamp(),
                    step.IsBlocked ? TimeSpan.FromMinutes(1)
                    : step.IsDone ? kind.Interval
                    : TimeSpan.Zero
                );
                _behindSince = step is { IsDone: true, IsBlocked: false } ? null : since;
                if (_behindSince is not null)
                    return null;
                var worked = (_workedOff, time.GetElapsedTime(since));
                _workedOff = 0;
                return worked;
            }
        }

        public TimeSpan Failed(long began, TimeProvider time)
        {
            var wait = StepAgain.After(++Failures);
            lock (_gate)
            {
                _behindSince ??= began;
                _wait = (time.GetTimestamp(), wait);
            }

            return wait;
        }

        /// <summary>Resets the backlog, because another silo removes rows and reports it now.</summary>
        public void Forget()
        {
            lock (_gate)
                _behindSince = null;
        }
    }
}
