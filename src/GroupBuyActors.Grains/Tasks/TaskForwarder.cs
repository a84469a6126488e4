using System.Threading.Channels;
using GroupBuyActors.Background;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Sends tasks within the horizon to the owners of their shards on other silos, and reports removed ones to them. A
/// message that is not acknowledged is sent again, to the owner at that time, but only a limited number of times: every
/// owner reads its horizon again within seconds and finds the tasks there.
/// </summary>
internal sealed class TaskForwarder(
    ShardMap shardMap,
    TaskGateways gateways,
    ClusterClock clock,
    TimeProvider time,
    IOptions<GrainsOptions> options,
    ILogger<TaskForwarder> log
) : StreamingService
{
    private const int WaitingMax = 50_000,
        SendMax = 500,
        SendsMax = 16,
        TriesMax = 20;
    private static readonly TimeSpan SendAgainAfter = TimeSpan.FromMilliseconds(100),
        AnswerWithin = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim _sends = new(SendsMax);
    private readonly Channel<TaskMessage> _waiting = Channel.CreateBounded<TaskMessage>(
        new BoundedChannelOptions(WaitingMax) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite }
    );

    /// <summary>Called on a lane's thread. Tasks beyond the horizon wait in the table.</summary>
    public void Add(TimedTask task)
    {
        if (task.NextAt < clock.GetUtcNow() + options.Value.Horizon)
            _waiting.Writer.TryWrite(new TaskMessage(task.Key, task, 0));
    }

    /// <summary>Called on a lane's thread.</summary>
    public void Remove(TaskKey key)
    {
        if (key.Due < clock.GetUtcNow() + options.Value.Horizon)
            _waiting.Writer.TryWrite(new TaskMessage(key, null, 0));
    }

    public override string Name => "task-forwarding";

    /// <summary>
    /// While the silo stops and has no shards any more, everything that its groups schedule is sent to the next owners.
    /// </summary>
    public override bool RunsUntilGroupsAreGone => true;

    /// <summary>
    /// Sends the waiting messages; a silo that does not answer delays no messages to others. Messages that fail are
    /// found in the table by the owners, and later ones are still sent.
    /// </summary>
    public override async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        await _waiting.Reader.WaitToReadAsync(cancellation);
        var messages = new List<TaskMessage>();
        while (messages.Count < SendMax && _waiting.Reader.TryRead(out var message))
            messages.Add(message);
        foreach (var home in messages.GroupBy(message => shardMap.Of(message.Key.Shard)))
        {
            await _sends.WaitAsync(cancellation);
            SendAsync(home.Key, [.. home], cancellation).Ignore();
        }

        return messages.Count;
    }

    private async Task SendAsync(SiloAddress? home, List<TaskMessage> messages, CancellationToken cancellation)
    {
        try
        {
            messages = await OfferAsync(home, messages);
        }
        finally
        {
            _sends.Release();
        }

        if (messages.Count == 0)
            return;
        var lost = messages.RemoveAll(message => message.Tries >= TriesMax);
        if (lost > 0)
            TaskLog.NotForwarded(log, lost);
        await Task.Delay(SendAgainAfter, time, cancellation);
        foreach (var message in messages)
            _waiting.Writer.TryWrite(message with { Tries = message.Tries + 1 });
    }

    /// <summary>Sends messages to a silo; returns those that it did not take.</summary>
    private async Task<List<TaskMessage>> OfferAsync(SiloAddress? home, List<TaskMessage> messages)
    {
        if (home is null)
            return messages;
        try
        {
            var tasks = messages
                .Where(message => message.Task is not null)
                .Select(message => ForwardedTask.Of(message.Task!))
                .ToArray();
            var removed = messages.Where(message => message.Task is null).Select(message => message.Key.Id).ToArray();
            var refused = (await gateways.Of(home).Accept(tasks, removed).WaitAsync(AnswerWithin, time)).ToHashSet();
            return messages.FindAll(message => message.Task is not null && refused.Contains(message.Key.Id));
        }
        catch (Exception)
        {
            // The silo may have left; the next try determines the home again.
            return messages;
        }
    }

    private readonly record struct TaskMessage(TaskKey Key, TimedTask? Task, int Tries);
}
