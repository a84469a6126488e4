using System.Collections.Concurrent;
using GroupBuyActors.Hosting;
using GroupBuyActors.Setting;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors;

/// <summary>A service that does not answer holds the places of those that wait for it, and no others.</summary>
public sealed class TaskPlacesTests
{
    private readonly FakeTimeProvider _time = new(TestSilo.Evening);
    private readonly ConcurrentQueue<string> _begun = new();
    private readonly TaskCompletionSource _silent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _tasks;

    /// <summary>
    /// All 64 shared places used to wait for the payment provider, seconds long, while deadlines long past stood behind
    /// them.
    /// </summary>
    [Theory]
    [InlineData(TaskTypes.GroupDeadline)]
    [InlineData(TaskTypes.GroupSettle)]
    [InlineData(TaskTypes.SuccessSaga)]
    [InlineData(TaskTypes.Notify)]
    public async Task OverdueTasksOfASilentProviderHoldNoPlacesOfOthers(string other)
    {
        var queues = Queues(
            new GrainsOptions(),
            silent: [TaskTypes.OrderClose, TaskTypes.Refund, TaskTypes.PaymentCheck]
        );
        for (var n = 0; n < 300; n++)
            queues.Add(Due(TaskTypes.OrderClose, isOverdue: true));
        for (var n = 0; n < 50; n++)
        {
            queues.Add(Due(TaskTypes.Refund, isOverdue: true));
            queues.Add(Due(TaskTypes.PaymentCheck, isOverdue: true));
        }

        // The ramp of a recovery is at its end.
        _time.Advance(TimeSpan.FromMinutes(1));
        queues.Add(Due(TaskTypes.OrderClose, isOverdue: true));
        await UntilAsync(() => _begun.Count >= new GrainsOptions().OverdueRunningMax);
        queues.Add(Due(other, isOverdue: true));
        await UntilAsync(() => _begun.Contains(other));
        Assert.Equal(new GrainsOptions().OverdueRunningMax, queues.Running);
        _silent.SetResult();
    }

    /// <summary>The same for what is on time: an operator may give a type more places than the silo has.</summary>
    [Fact]
    public async Task PlacesAreKeptForTasksThatWaitForNobody()
    {
        var options = new GrainsOptions { TasksRunningMax = 80 };
        var queues = Queues(options, silent: [TaskTypes.OrderClose, TaskTypes.SuccessSaga]);
        for (var n = 0; n < 60; n++)
        {
            queues.Add(Due(TaskTypes.OrderClose));
            queues.Add(Due(TaskTypes.SuccessSaga));
        }

        await UntilAsync(() => _begun.Count >= 70);
        queues.Add(Due(TaskTypes.GroupDeadline));
        await UntilAsync(() => _begun.Contains(TaskTypes.GroupDeadline));
        Assert.Equal(70, queues.Running);
        _silent.SetResult();
        await UntilAsync(() => _begun.Count == 121 && queues.Running == 0);
    }

    private TaskQueues Queues(GrainsOptions settings, string[] silent)
    {
        var options = Options.Create(settings);
        var policies = new TaskPolicyBook(
            new SimulatedTable(new Random(1)),
            null!,
            null!,
            new ClusterClock(_time),
            options,
            NullLogger<TaskPolicyBook>.Instance
        );
        var queues = new TaskQueues(policies, _time, options);
        queues.Start(async task =>
        {
            _begun.Enqueue(task.Stored.Type);
            if (silent.Contains(task.Stored.Type))
                await _silent.Task;
        });
        return queues;
    }

    private NearTask Due(string type, bool isOverdue = false)
    {
        var group = GroupId.Parse($"{1 + _tasks % 7}.SH.tea");
        var key = new TaskKey(group.Shard, _time.GetUtcNow(), TaskIds.Of(group.Actor, ++_tasks, 0));
        return new NearTask(
            new TimedTask
            {
                Key = key,
                Type = type,
                Actor = group.Actor,
                NextAt = key.Due,
            },
            isOverdue
        );
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (!holds())
            await Task.Delay(5, bound.Token);
    }
}
