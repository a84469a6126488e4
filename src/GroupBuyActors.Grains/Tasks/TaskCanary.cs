using System.Diagnostics.Metrics;
using GroupBuyActors.Background;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Checks that the engine fires: every few seconds a task without a row is added to the wheel for each range of shards
/// that this silo owns, and takes the way of every other task: wheel, queue, slot, handler. Queue lengths do not show
/// that nothing moves; a canary that has not run in time does, and is reported by readiness.
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
    private string? _failure;

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

    /// <summary>Null while canaries run in time, otherwise one sentence.</summary>
    public string? FailingBecause => Volatile.Read(ref _failure);

    public Task<HandlerResult> RunAsync(DueTask due, CancellationToken cancellation)
    {
        lock (_gate)
            _expected.Remove(due.Task.Key.Shard.Index / ShardsPerGroup);
        return Task.FromResult<HandlerResult>(new HandlerResult.Completed());
    }

    /// <summary>Checks the canaries that have not run yet and adds new ones; returns how many have not run.</summary>
    public override Task<int> RunOnceAsync(CancellationToken cancellation) => Task.FromResult(Tick());

    protected override TimeSpan PauseAfter(int result) => _options.CanaryInterval;

    private int Tick()
    {
        lock (_gate)
        {
            var now = _clock.GetUtcNow();
            var owned = _owned.ToList();
            // A shard that was given up no longer fires its canary.
            foreach (var (group, canary) in _expected.ToList())
                if (!_owned.Contains(canary.Shard))
                    _expected.Remove(group);
            var late = _expected.Values.Where(canary => now - canary.Due > _options.CanaryPatience).ToList();
            Volatile.Write(ref _failure, late.Count == 0 ? null : "Timed tasks do not fire.");
            if (late.Count > 0)
                TaskLog.CanaryIsLate(
                    _log,
                    string.Join(", ", late.Select(canary => canary.Shard)),
                    late.Max(canary => now - canary.Due).TotalSeconds
                );
            foreach (var shard in owned.DistinctBy(shard => shard.Index / ShardsPerGroup))
                AddCanary(shard, now);
            return _expected.Count;
        }
    }

    private void AddCanary(ShardId shard, DateTimeOffset now)
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
