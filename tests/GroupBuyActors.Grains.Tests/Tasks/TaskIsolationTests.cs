using GroupBuyActors.Committing;
using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Setting;
using GroupBuyActors.Store.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Tasks;

/// <summary>
/// One bad task ends neither the thread that wakes all, nor the batch that it comes with, nor a place.
/// </summary>
public sealed class TaskIsolationTests
{
    private const string Id = "10042.SH-PUDONG.tea-1123";
    private static readonly CancellationToken None = CancellationToken.None;

    /// <summary>A row of the first instant used to end the process, on every silo that took its shard.</summary>
    [Fact]
    public async Task RowsWithTimesOutOfAllBoundsRunAndKeepNoOtherFromRunning()
    {
        var hung = new ScriptedPorts();
        hung.Hold("ask:");
        var first = await TestSilo.StartAsync(
            ports: hung,
            configure: options => options.StopBound = TimeSpan.FromMilliseconds(1)
        );
        var group = await first.PublishAsync(Id, minGroupSize: 3);
        for (var n = 1; n <= 3; n++)
            await group.Join(new JoinGroup($"user-{n}"));
        for (var n = 1; n <= 3; n++)
            await group.CancelOrder(n);
        var checks = (
            await first.Get<ITaskStore>().ListAsync(new TaskFilter(PaymentCheck.TypeName), null, 10, None)
        ).Items;
        Assert.Equal(3, checks.Count);
        // As an older release let an operator move them: one due before everything, one after, and one in between.
        await MoveAsync(first, checks[0], DateTimeOffset.MinValue);
        await MoveAsync(first, checks[1], DateTimeOffset.MaxValue);
        await first.StopAsync();

        first.Time.Advance(TimeSpan.FromMinutes(11));
        await using var second = await TestSilo.StartAsync(first.File, first.Time);
        await second.Ports.CalledAsync("ask:", 2);
        var fresh = await second.PublishAsync("10042.SH-PUDONG.later", minGroupSize: 1);
        await fresh.Join(new JoinGroup("user-1"));
        await second.Ports.CalledAsync("deduct:10042.SH-PUDONG.later");
        Assert.Equal(
            checks[1].Key.Id,
            Assert
                .Single(
                    (
                        await second.Get<ITaskStore>().ListAsync(new TaskFilter(PaymentCheck.TypeName), null, 10, None)
                    ).Items
                )
                .Key.Id
        );
    }

    /// <summary>The commit of such a task used to keep its neighbours of the same batch out of memory.</summary>
    [Fact]
    public async Task ATaskOfTheFirstInstantKeepsTheOthersOfItsCommitFromNothing()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        await group.Join(new JoinGroup("user-1"));
        var soon = silo.Time.GetUtcNow().AddSeconds(1);
        var tasks = new[] { DateTimeOffset.MinValue, soon }
            .Select(
                (due, n) =>
                    new TimedTask
                    {
                        Key = new TaskKey(
                            GroupId.Parse(Id).Shard,
                            due,
                            TaskIds.Of(GroupId.Parse(Id).Actor, 900 + n, "order-close")
                        ),
                        Type = PaymentCheck.TypeName,
                        Actor = GroupId.Parse(Id).Actor,
                        Payload = OrderClose.Type.Write(new OrderTask(1)),
                        NextAt = due,
                    }
            )
            .ToArray();
        await CommitAsync(
            silo,
            new Commit
            {
                Id = Guid.CreateVersion7(),
                Shard = tasks[0].Key.Shard,
                Token = new ActivationToken(),
                Schedules = tasks,
                Run = new TaskRun(tasks[0].Key with { Id = "test:seed" }, 1),
            }
        );
        await silo.Ports.CalledAsync("ask:");
        silo.Time.Advance(TimeSpan.FromSeconds(1));
        await silo.Ports.CalledAsync("ask:", 2);
    }

    [Fact]
    public async Task AHandChangeOutOfBoundsIsRefusedAtTheOwnerToo()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        await group.Join(new JoinGroup("user-1"));
        await group.CancelOrder(1);
        var check = Assert.Single(
            (await silo.Get<ITaskStore>().ListAsync(new TaskFilter(PaymentCheck.TypeName), null, 10, None)).Items
        );
        var operations = silo.Get<TaskOperations>();
        foreach (var time in (DateTimeOffset[])[DateTimeOffset.MinValue, DateTimeOffset.MaxValue])
            await Assert.ThrowsAnyAsync<ArgumentException>(() => operations.RescheduleAsync(check.Key.Id, time, None));
        foreach (var weight in (int[])[int.MinValue, -1_001, 1_001, int.MaxValue])
            await Assert.ThrowsAnyAsync<ArgumentException>(() => operations.SetWeightAsync(check.Key.Id, weight, None));
        Assert.Equal(check.Version, (await silo.Get<ITaskStore>().FindAsync(check.Key.Id, None))!.Version);
        // A time that has passed is now.
        Assert.Equal(
            TaskChangeOutcome.Done,
            await operations.RescheduleAsync(check.Key.Id, silo.Time.GetUtcNow().AddYears(-1), None)
        );
        await silo.Ports.CalledAsync("ask:");
    }

    [Fact]
    public async Task ATaskWhoseRowCannotBeUnderstoodIsSetAsideAndToldOf()
    {
        await using var silo = await TestSilo.StartAsync();
        var scheduler = silo.Get<LocalTaskScheduler>();
        var now = silo.Time.GetUtcNow();
        var shard = GroupId.Parse(Id).Shard;
        scheduler.AddUnstored(
            new TimedTask
            {
                Key = new TaskKey(shard, now, $"groups:{Id}:77:refund:0"),
                Type = Refund.TypeName,
                NextAt = now,
                Fault = "Its times are out of range.",
            }
        );
        await UntilAsync(() => scheduler.Parked().GetValueOrDefault(Refund.TypeName) == 1);
        Assert.Equal(
            TaskChangeOutcome.WrongStatus,
            await silo.Get<TaskOperations>().CancelAsync($"groups:{Id}:77:refund:0", None)
        );
        var group = await silo.PublishAsync(Id, minGroupSize: 1);
        await group.Join(new JoinGroup("user-1"));
        await silo.Ports.CalledAsync("deduct:");
    }

    /// <summary>A run that threw used to keep its place for ever.</summary>
    [Fact]
    public async Task ARunThatThrowsGivesItsPlaceBack()
    {
        var (time, options) = (
            new FakeTimeProvider(TestSilo.Evening),
            Options.Create(new GrainsOptions { TasksRunningMax = 1 })
        );
        var clock = new ClusterClock(time);
        var policies = new TaskPolicyRegistry(
            new SimulatedTable(new Random(1)),
            TaskRegistrations.Types,
            null!,
            null!,
            clock,
            options,
            NullLogger<TaskPolicyRegistry>.Instance
        );
        var queues = new TaskDispatcher(policies, time, options);
        var ran = 0;
        queues.Start(async _ =>
        {
            await Task.Yield();
            if (Interlocked.Increment(ref ran) < 3)
                throw new InvalidOperationException("Nobody expects this.");
        });
        for (var n = 1; n <= 3; n++)
        {
            var key = new TaskKey(
                new ShardId(1),
                time.GetUtcNow(),
                TaskIds.Of(GroupId.Parse(Id).Actor, n, "order-close")
            );
            queues.Add(
                new ScheduledTask(
                    new TimedTask
                    {
                        Key = key,
                        Type = Notify.TypeName,
                        NextAt = key.Due,
                    },
                    isRecovered: false
                )
            );
        }

        await UntilAsync(() => Volatile.Read(ref ran) == 3 && queues.Running == 0);
    }

    /// <summary>
    /// Stored by a release with other bounds, or by hand: the default is in force, and the alert says so.
    /// </summary>
    [Fact]
    public async Task AStoredPolicyOutOfBoundsIsNotInForce()
    {
        var log = new KeptLog();
        await using var silo = await TestSilo.StartAsync(services: services =>
            services.AddSingleton<ILoggerProvider>(log)
        );
        var store = silo.Get<IPolicyStore>();
        Assert.NotNull(
            await store.WriteAsync(
                Notify.TypeName,
                0,
                new TaskPolicyChange { Weight = int.MinValue, Concurrency = -1 }.Write(),
                silo.Time.GetUtcNow(),
                "test",
                None
            )
        );
        await silo.Get<TaskPolicyRegistry>().RunOnceAsync(None);
        var policy = silo.Get<TaskPolicyRegistry>().Find(Notify.TypeName)!.Policy;
        Assert.Equal(
            (
                TaskRegistrations.Types.Of(Notify.TypeName).Policy.Weight,
                TaskRegistrations.Types.Of(Notify.TypeName).Policy.Concurrency,
                1
            ),
            (policy.Weight, policy.Concurrency, policy.Version)
        );
        Assert.Single(log.Of(3013));
    }

    /// <summary>
    /// A change made here reads at once, while the reading that every silo makes from time to time is slow.
    /// </summary>
    [Fact]
    public async Task AnOlderReadingOfPoliciesThatEndsLastPutsNoOlderPolicyInForce()
    {
        var store = new SlowPolicyStore();
        var policies = new TaskPolicyRegistry(
            store,
            TaskRegistrations.Types,
            null!,
            null!,
            new ClusterClock(new FakeTimeProvider(TestSilo.Evening)),
            Options.Create(new GrainsOptions()),
            NullLogger<TaskPolicyRegistry>.Instance
        );
        var slow = policies.RunOnceAsync(None);
        var next = policies.RunOnceAsync(None);
        store.First.SetResult();
        await Task.WhenAll(slow, next).WaitAsync(TestSilo.Bound, None);
        Assert.Equal(2, policies.Of(Notify.TypeName).Version);
    }

    /// <summary>Its first reading is held up; each reading sees one version more.</summary>
    private sealed class SlowPolicyStore : IPolicyStore
    {
        private int _readings;

        public TaskCompletionSource First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task<IReadOnlyList<StoredPolicy>> ReadAllAsync(CancellationToken cancellation)
        {
            var version = Interlocked.Increment(ref _readings);
            if (version == 1)
                await First.Task;
            return [new(Notify.TypeName, version, new TaskPolicyChange { Weight = 1 }.Write(), default, "test")];
        }

        public Task<int?> WriteAsync(
            string type,
            int expectedVersion,
            ReadOnlyMemory<byte> changeJson,
            DateTimeOffset at,
            string caller,
            CancellationToken cancellation
        ) => throw new NotSupportedException();
    }

    private static Task MoveAsync(TestSilo silo, TimedTask task, DateTimeOffset due) =>
        CommitAsync(
            silo,
            new Commit
            {
                Id = Guid.CreateVersion7(),
                Shard = task.Key.Shard,
                Token = new ActivationToken(),
                Removals = [task.Row],
                Schedules = [task with { Key = task.Key with { Due = due }, NextAt = due, Version = task.Version + 1 }],
                Run = new TaskRun(task.Key, task.Version),
            }
        );

    private static async Task CommitAsync(TestSilo silo, Commit commit)
    {
        using var place = silo.Committer.TryReserve(commit.Shard)!;
        Assert.Equal(CommitStatus.Committed, (await silo.Committer.CommitAsync(place, commit)).Status);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (!holds())
            await Task.Delay(5, bound.Token);
    }
}
