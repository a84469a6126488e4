using System.Threading.Channels;
using GroupBuyActors.Background;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Sends tasks within the horizon to the owners of their shards on other silos, and reports removed ones to them.
/// Acknowledged, and sent again to whoever is the owner then; but not for ever: every owner reads its horizon again
/// within seconds, and finds them there.
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

    /// <summary>Called on a lane's thread. Far tasks wait in the table.</summary>
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

    /// <summary>Once this silo has no shards, all that its groups schedule goes to the next owners.</summary>
    public override bool RunsUntilGroupsAreGone => true;

    /// <summary>
    /// Sends what waits; a silo that does not answer holds up no parcels for others. Where it fails, the owners find
    /// these in the table, and those that come after them are still sent.
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

    /// <summary>Gives those that were not taken.</summary>
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
            // Whatever stopped the call, the silo may be gone: the next try asks where home is then.
            return messages;
        }
    }

    private readonly record struct TaskMessage(TaskKey Key, TimedTask? Task, int Tries);
}
