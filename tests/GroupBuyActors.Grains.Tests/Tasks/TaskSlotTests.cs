using System.Collections.Concurrent;
using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Setting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Tasks;

/// <summary>A service that does not answer holds the places of those that wait for it, and no others.</summary>
public sealed class TaskSlotTests
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
    [InlineData(GroupDeadline.TypeName)]
    [InlineData(GroupSettle.TypeName)]
    [InlineData(SuccessSaga.TypeName)]
    [InlineData(Notify.TypeName)]
    public async Task OverdueTasksOfASilentProviderHoldNoPlacesOfOthers(string other)
    {
        var queues = Queues(new GrainsOptions(), silent: [OrderClose.TypeName, Refund.TypeName, PaymentCheck.TypeName]);
        for (var n = 0; n < 300; n++)
            queues.Add(Due(OrderClose.TypeName, isRecovered: true));
        for (var n = 0; n < 50; n++)
        {
            queues.Add(Due(Refund.TypeName, isRecovered: true));
            queues.Add(Due(PaymentCheck.TypeName, isRecovered: true));
        }

        // The ramp of a recovery is at its end.
        _time.Advance(TimeSpan.FromMinutes(1));
        queues.Add(Due(OrderClose.TypeName, isRecovered: true));
        await UntilAsync(() => _begun.Count >= new GrainsOptions().OverdueRunningMax);
        queues.Add(Due(other, isRecovered: true));
        await UntilAsync(() => _begun.Contains(other));
        Assert.Equal(new GrainsOptions().OverdueRunningMax, queues.Running);
        _silent.SetResult();
    }

    /// <summary>The same for what is on time: an operator may give a type more places than the silo has.</summary>
    [Fact]
    public async Task PlacesAreKeptForTasksThatWaitForNobody()
    {
        var options = new GrainsOptions { TasksRunningMax = 80 };
        var queues = Queues(options, silent: [OrderClose.TypeName, SuccessSaga.TypeName]);
        for (var n = 0; n < 60; n++)
        {
            queues.Add(Due(OrderClose.TypeName));
            queues.Add(Due(SuccessSaga.TypeName));
        }

        await UntilAsync(() => _begun.Count >= 70);
        queues.Add(Due(GroupDeadline.TypeName));
        await UntilAsync(() => _begun.Contains(GroupDeadline.TypeName));
        Assert.Equal(70, queues.Running);
        _silent.SetResult();
        await UntilAsync(() => _begun.Count == 121 && queues.Running == 0);
    }

    private TaskDispatcher Queues(GrainsOptions settings, string[] silent)
    {
        var options = Options.Create(settings);
        var policies = new TaskPolicyRegistry(
            new SimulatedTable(new Random(1)),
            TaskRegistrations.Types,
            null!,
            null!,
            new ClusterClock(_time),
            options,
            NullLogger<TaskPolicyRegistry>.Instance
        );
        var queues = new TaskDispatcher(policies, _time, options);
        queues.Start(async task =>
        {
            _begun.Enqueue(task.Stored.Type);
            if (silent.Contains(task.Stored.Type))
                await _silent.Task;
        });
        return queues;
    }

    private ScheduledTask Due(string type, bool isRecovered = false)
    {
        var group = GroupId.Parse($"{1 + _tasks % 7}.SH.tea");
        var key = new TaskKey(group.Shard, _time.GetUtcNow(), TaskIds.Of(group.Actor, ++_tasks, "order-close"));
        return new ScheduledTask(
            new TimedTask
            {
                Key = key,
                Type = type,
                Actor = group.Actor,
                NextAt = key.Due,
            },
            isRecovered
        );
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (!holds())
            await Task.Delay(5, bound.Token);
    }
}
