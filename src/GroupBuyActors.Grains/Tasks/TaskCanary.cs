using System.Diagnostics.Metrics;
using GroupBuyActors.Background;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Proves that the engine fires: every few seconds a task of no row goes into the wheel for each group of shards this
/// silo owns, and takes the way of every other, wheel, queue, place, handler. Depths of queues say nothing where
/// nothing moves; a canary that has not run in time does, and readiness says so.
/// </summary>
internal sealed class TaskCanary : PeriodicService<int>, ITaskHandler
{
    public const string TypeName = "canary";
    private const int ShardsPerGroup = 128;
    private readonly LocalTaskScheduler _scheduler;
    private readonly OwnedShards _owned;
    private readonly ClusterClock _clock;
    private readonly GrainsOptions _options;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private readonly Dictionary<int, (ShardId Shard, DateTimeOffset Due)> _expected = [];
    private string? _silent;

    public TaskCanary(
        LocalTaskScheduler scheduler,
        OwnedShards owned,
        ClusterClock clock,
        IOptions<GrainsOptions> options,
        IMeterFactory meters,
        ILogger<TaskCanary> log
    )
    {
        (_scheduler, _owned, _clock, _options, _log) = (scheduler, owned, clock, options.Value, log);
        meters
            .Create("GroupBuyActors")
            .CreateObservableGauge(
                "task_canary_late_seconds",
                () => Late().TotalSeconds,
                "s",
                "How late the oldest canary task is; near 0 while timed tasks fire."
            );
    }

    public override string Name => "task-canary";

    public string Type => TypeName;

    /// <summary>Null while they do; else one sentence.</summary>
    public string? SilentBecause => Volatile.Read(ref _silent);

    public Task<HandlerResult> RunAsync(DueTask due, CancellationToken cancellation)
    {
        lock (_gate)
            _expected.Remove(due.Task.Key.Shard.Index / ShardsPerGroup);
        return Task.FromResult<HandlerResult>(new HandlerResult.Completed());
    }

    /// <summary>Looks after those that are out, and lets new ones go; gives how many are out.</summary>
    public override Task<int> RunOnceAsync(CancellationToken cancellation) => Task.FromResult(Tick());

    protected override TimeSpan PauseAfter(int result) => _options.CanaryInterval;

    private int Tick()
    {
        lock (_gate)
        {
            var now = _clock.GetUtcNow();
            var owned = _owned.ToList();
            // A shard that was given up takes its canary along.
            foreach (var (group, canary) in _expected.ToList())
                if (!_owned.Contains(canary.Shard))
                    _expected.Remove(group);
            var silent = _expected.Values.Where(canary => now - canary.Due > _options.CanaryPatience).ToList();
            Volatile.Write(ref _silent, silent.Count == 0 ? null : "Timed tasks do not fire.");
            if (silent.Count > 0)
                TaskLog.CanaryIsSilent(
                    _log,
                    string.Join(", ", silent.Select(canary => canary.Shard)),
                    silent.Max(canary => now - canary.Due).TotalSeconds
                );
            foreach (var shard in owned.DistinctBy(shard => shard.Index / ShardsPerGroup))
                LetGo(shard, now);
            return _expected.Count;
        }
    }

    private void LetGo(ShardId shard, DateTimeOffset now)
    {
        if (!_expected.TryAdd(shard.Index / ShardsPerGroup, (shard, now)))
            return;
        var task = new TimedTask
        {
            Key = new TaskKey(shard, now, TaskIds.Of(TypeName, shard, now)),
            Type = TypeName,
            NextAt = now,
        };
        _scheduler.AddUnstored(task);
    }

    private TimeSpan Late()
    {
        lock (_gate)
            return _expected.Count == 0
                ? TimeSpan.Zero
                : Max(_clock.GetUtcNow() - _expected.Values.Min(canary => canary.Due));
    }

    private static TimeSpan Max(TimeSpan late) => late > TimeSpan.Zero ? late : TimeSpan.Zero;
}
