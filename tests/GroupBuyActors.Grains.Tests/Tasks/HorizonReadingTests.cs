using System.Collections.Concurrent;
using GroupBuyActors.Committing;
using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Ports;
using GroupBuyActors.Setting;
using GroupBuyActors.Store.Tasks;

namespace GroupBuyActors.Tasks;

/// <summary>What is due next is in memory in time, however much else is there and whatever a reading meets.</summary>
public sealed class HorizonReadingTests
{
    private const int Dense = 150,
        Sparse = 80,
        InMemoryMax = 100;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100),
        Apart = TimeSpan.FromMilliseconds(400);

    /// <summary>
    /// Each shard's share of a reading that is cut ends elsewhere: the densest shard's is over first, and was read
    /// again last.
    /// </summary>
    [Fact]
    public async Task TheDensestShardIsReadOnBeforeItsTasksAreDue()
    {
        var first = await TestSilo.StartAsync();
        var begin = first.Time.GetUtcNow().AddMinutes(10);
        var dense = Enumerable
            .Range(0, Dense)
            .Select(n => Notice(GroupId.Parse("10042.SH-PUDONG.tea"), n + 1, begin + n * Apart));
        var sparse = Enumerable
            .Range(1, Sparse)
            .Select(n => Notice(GroupId.Parse($"{n}.SH.tea"), 1, begin.AddSeconds(45 + n * 0.1)));
        foreach (var task in dense.Concat(sparse))
            await CommitAsync(first, task);
        await first.StopAsync();

        first.Time.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(2));
        var called = new ConcurrentDictionary<string, DateTimeOffset>();
        var ports = new ScriptedPorts();
        ports.Answer(
            "notice:",
            (key, _) =>
            {
                called.TryAdd(key, first.Time.GetUtcNow());
                return Task.FromResult(PortAnswer.Done);
            }
        );
        await using var second = await TestSilo.StartAsync(
            first.File,
            first.Time,
            ports,
            options => options.HorizonTasksMax = InMemoryMax
        );
        var due = Enumerable
            .Range(0, Dense)
            .ToDictionary(n => KeyOf(GroupId.Parse("10042.SH-PUDONG.tea"), n + 1), n => begin + n * Apart);
        for (var end = begin + Dense * Apart; first.Time.GetUtcNow() < end; )
        {
            first.Time.Advance(Step);
            var now = first.Time.GetUtcNow();
            // Real time for what this much of the test's time is enough for: a slow machine is no late task, and a silo
            // that could not confirm its fence yet holds its tasks back.
            var waited = System.Diagnostics.Stopwatch.StartNew();
            while (
                (
                    second.Get<ISiloGate>().RefusalReason is not null
                    || due.Any(task => task.Value <= now && !called.ContainsKey(task.Key))
                )
                && waited.ElapsedMilliseconds < 2_000
            )
                await Task.Delay(2, TestContext.Current.CancellationToken);
            var late = due.Where(task => task.Value <= now && !called.ContainsKey(task.Key))
                .Select(task => now - task.Value)
                .DefaultIfEmpty()
                .Max();
            if (late > TimeSpan.FromSeconds(5))
                Assert.Fail($"A task is {late} late, with {called.Count} of {Dense + Sparse} run.");
        }

        var latest = due.Max(task => called[task.Key] - task.Value);
        Assert.True(latest <= TimeSpan.FromSeconds(1), $"The latest of {Dense} was {latest} late.");
    }

    /// <summary>
    /// That it was wanted used to be forgotten before it was done: what was due in seconds was found half a minute
    /// later.
    /// </summary>
    [Fact]
    public async Task AReadingThatFailsIsRepeatedThoughMemoryIsMoreThanHalfFull()
    {
        await using var silo = await TestSilo.StartAsync(
            configure: options => options.HorizonTasksMax = InMemoryMax,
            services: FailingStore.Register
        );
        var now = silo.Time.GetUtcNow();
        for (var n = 1; n <= Sparse; n++)
            await CommitAsync(silo, Notice(GroupId.Parse($"{n}.SH.tea"), 1, now.AddSeconds(50)));
        var scheduler = silo.Get<LocalTaskScheduler>();
        Assert.InRange(scheduler.Count, InMemoryMax / 2, InMemoryMax);
        // A commit of a silo that died lands late: the table has the task, and this memory has not heard of it.
        var task = Notice(GroupId.Parse("10042.SH-PUDONG.tea"), 1, now.AddSeconds(3));
        await CommitAsync(silo, task);
        scheduler.Remove(task.Key.Id);
        var store = (FailingStore)silo.Get<ITaskStore>();
        store.Failures = 2;
        silo.Get<HorizonReader>().ReadAgain();
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (store.Failures > 1)
            await Task.Delay(5, bound.Token);
        for (var steps = 0; steps < 31 && silo.Ports.Calls.Count == 0; steps++)
        {
            silo.Time.Advance(Step);
            await Task.Delay(30, bound.Token);
        }

        await silo.Ports.CalledAsync(KeyOf(GroupId.Parse("10042.SH-PUDONG.tea"), 1));
        Assert.InRange(silo.Time.GetUtcNow() - now, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(4));
    }

    private static TimedTask Notice(GroupId group, int order, DateTimeOffset due) =>
        new()
        {
            Key = new TaskKey(group.Shard, due, TaskIds.Of(group.Actor, 100 + order, "order-close")),
            Type = Notify.TypeName,
            Actor = group.Actor,
            Payload = Notify.Type.Write(new NotifyTask(order, "user-1", "success")),
            NextAt = due,
        };

    private static string KeyOf(GroupId group, int order) => PortKeys.Notice(new OrderId(group, order), "success");

    private static async Task CommitAsync(TestSilo silo, TimedTask task)
    {
        using var place = silo.Committer.TryReserve(task.Key.Shard)!;
        var result = await silo.Committer.CommitAsync(
            place,
            new Commit
            {
                Id = Guid.CreateVersion7(),
                Shard = task.Key.Shard,
                Token = new ActivationToken(),
                Schedules = [task],
                Run = new TaskRun(task.Key with { Id = $"test:{task.Key.Id}" }, 1),
            }
        );
        Assert.Equal(CommitStatus.Committed, result.Status);
    }
}
