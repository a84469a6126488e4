using System.Diagnostics.Metrics;
using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Schedules;
using GroupBuyActors.Setting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Tasks;

/// <summary>What memory knows of a task that was tried before, here or elsewhere.</summary>
public sealed class LocalTaskSchedulerTests
{
    private static readonly ShardId Shard = new(7);

    [Fact]
    public async Task ARunThatIsToGoOnKnowsThatAnEarlierOneBegan()
    {
        using var silo = new Memory();
        var begun = new List<bool>();
        var ended = new TaskCompletionSource();
        silo.Start(due =>
        {
            begun.Add(due.MayRepeat);
            if (begun.Count < 3)
                return new HandlerResult.RunAgain(TimeSpan.Zero);
            ended.SetResult();
            return new HandlerResult.Completed();
        });
        silo.Near.Add(Memory.Task(version: 1, TimeSpan.Zero));
        await ended.Task.WaitAsync(TestSilo.Bound);
        Assert.Equal([false, true, true], begun);
    }

    [Fact]
    public void ATaskThatComesFromAnotherSiloMayHaveBegunThereOrHere()
    {
        using var silo = new Memory();
        silo.Near.Add(Memory.Task(version: 1, TimeSpan.FromSeconds(5)), mayHaveBegun: true);
        Assert.True(silo.Known!.MayRepeat);
    }

    [Fact]
    public void WhatIsLeftOfAnEarlierOwnershipGivesWayToWhatTheTableHas()
    {
        using var silo = new Memory();
        silo.Read(Memory.Task(version: 1, TimeSpan.FromSeconds(5)));
        silo.Owned.Remove(Shard);
        silo.Owned.Add(Shard, 3);
        silo.Read(Memory.Task(version: 2, TimeSpan.FromSeconds(9)));
        Assert.Equal((2, true), (silo.Known!.Stored.Version, silo.Known.MayRepeat));
        Assert.Equal(silo.Time.GetUtcNow() + TimeSpan.FromSeconds(9), silo.Known.FiresAt);
        silo.Read(Memory.Task(version: 1, TimeSpan.FromSeconds(5)));
        Assert.Equal(2, silo.Known.Stored.Version);
    }

    /// <summary>
    /// Its commit is heard of before its end: the row that it stored under its own id was in the table only, until a
    /// reading came upon it.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatARunStoresAgainUnderItsOwnIdFiresAfterIt(bool isReadMeanwhile)
    {
        using var silo = new Memory();
        var versions = new List<int>();
        var ended = new TaskCompletionSource();
        silo.Start(due =>
        {
            versions.Add(due.Task.Version);
            if (versions.Count == 2)
                ended.SetResult();
            if (versions.Count > 1)
                return new HandlerResult.Completed();
            if (isReadMeanwhile)
                silo.Near.BeginReading();
            silo.Near.Remove("refund-1");
            silo.Near.Add(Memory.Task(version: 2, TimeSpan.Zero));
            if (isReadMeanwhile)
                silo.Near.EndReading([Memory.Task(version: 2, TimeSpan.Zero)]);
            return new HandlerResult.Completed();
        });
        silo.Near.Add(Memory.Task(version: 1, TimeSpan.Zero));
        await ended.Task.WaitAsync(TestSilo.Bound);
        Assert.Equal([1, 2], versions);
    }

    /// <summary>
    /// A recovered task is stored under its next version before it runs, and a reading of the table finds that version
    /// before the run knows that it is stored. Such a task used to run twice.
    /// </summary>
    [Fact]
    public async Task WhatARunStoredOfItselfBeforeItBeganIsNotRunAfterIt()
    {
        using var silo = new Memory();
        var runs = 0;
        silo.Start(_ =>
        {
            runs++;
            silo.Read(Memory.Task(version: 2, TimeSpan.Zero));
            silo.Known!.Stored = Memory.Task(version: 2, TimeSpan.Zero);
            return new HandlerResult.Completed();
        });
        silo.Near.Add(Memory.Task(version: 1, TimeSpan.Zero));
        await TestSilo.UntilAsync(() => silo.Known is null);
        Assert.Equal(1, runs);
    }

    /// <summary>One silo's memory of near tasks, and what runs them.</summary>
    private sealed class Memory : IDisposable
    {
        private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        private readonly IOptions<GrainsOptions> _options = Options.Create(new GrainsOptions());
        private readonly SimulatedTable _table = new(new Random(1));
        private readonly ClusterClock _clock;
        private readonly TaskPolicyRegistry _policies;
        private readonly TaskDispatcher _queues;

        public Memory()
        {
            _clock = new ClusterClock(Time);
            _policies = new TaskPolicyRegistry(
                _table,
                TaskRegistrations.Types,
                null!,
                null!,
                _clock,
                _options,
                NullLogger<TaskPolicyRegistry>.Instance
            );
            _queues = new TaskDispatcher(_policies, Time, _options);
            Near = new LocalTaskScheduler(
                _clock,
                Owned,
                _queues,
                _policies,
                _options,
                NullLogger<LocalTaskScheduler>.Instance
            );
            Owned.Add(Shard, 1);
            Near.BeginReading();
            Near.EndReading([]);
        }

        public FakeTimeProvider Time { get; } = new(TestSilo.Evening);

        public OwnedShards Owned { get; } = new();

        public LocalTaskScheduler Near { get; }

        public ScheduledTask? Known => Near.Find("refund-1").Task;

        public static TimedTask Task(int version, TimeSpan firesIn) =>
            new()
            {
                Key = new TaskKey(Shard, TestSilo.Evening, "refund-1"),
                Type = Refund.TypeName,
                NextAt = TestSilo.Evening + firesIn,
                Version = version,
            };

        public void Read(TimedTask task)
        {
            Near.BeginReading();
            Near.EndReading([task]);
        }

        public void Start(Func<DueTask, HandlerResult> run)
        {
            var metrics = new TaskMetrics(_services.GetRequiredService<IMeterFactory>());
            var committer = new SimulatedCommitter(_table);
            var firings = new CronScheduler(
                committer,
                _table,
                _clock,
                new IdGenerator(),
                new ScheduleRegistry(TaskRegistrations.Types, TaskRegistrations.Schedules),
                NullLogger<CronScheduler>.Instance
            );
            var executor = TaskEngine.Executor(
                [new Handler(run)],
                Near,
                _table,
                committer,
                firings,
                _policies,
                metrics,
                Time,
                _options
            );
            _queues.Start(executor.RunAsync);
            Near.Start();
        }

        public void Dispose()
        {
            _queues.Stop();
            Near.Stop();
            Near.Dispose();
            _services.Dispose();
        }
    }

    private sealed class Handler(Func<DueTask, HandlerResult> run) : ITaskHandler
    {
        public string Type => Refund.TypeName;

        public Task<HandlerResult> RunAsync(DueTask due, CancellationToken cancellation) => Task.FromResult(run(due));
    }
}
