using System.Threading.Channels;
using GroupBuyActors.Hosting;
using GroupBuyActors.Membership;
using GroupBuyActors.Placement;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Brings near tasks to the owners of their shards on other silos, and tells them of near tasks that are gone. Acknowledged, and sent
/// again to whoever is the owner then; but not for ever: every owner reads its horizon again within seconds, and finds them there.
/// </summary>
internal sealed class HandOver(
    Homes homes, TaskGateways gateways, ClusterClock clock, TimeProvider time, IOptions<GrainsOptions> options, ILogger<HandOver> log)
{
    private const int WaitingMax = 50_000, SendMax = 500, TriesMax = 20;
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(100);
    private readonly Channel<Parcel> _waiting = Channel.CreateBounded<Parcel>(
        new BoundedChannelOptions(WaitingMax) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Called on a lane's thread. Far tasks wait in the table.</summary>
    public void Add(TimedTask task)
    {
        if (task.NextAt < clock.GetUtcNow() + options.Value.Horizon) _waiting.Writer.TryWrite(new Parcel(task.Key, task, 0));
    }

    /// <summary>Called on a lane's thread.</summary>
    public void Remove(TaskKey key)
    {
        if (key.Due < clock.GetUtcNow() + options.Value.Horizon) _waiting.Writer.TryWrite(new Parcel(key, null, 0));
    }

    /// <summary>Sends until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var parcels = new List<Parcel>();
        while (await _waiting.Reader.WaitToReadAsync(cancellation))
        {
            parcels.Clear();
            while (parcels.Count < SendMax && _waiting.Reader.TryRead(out var parcel)) parcels.Add(parcel);
            var back = await SendAsync(parcels);
            if (back.Count > 0) SendAgain(back, cancellation).Ignore();
        }
    }

    private async Task<List<Parcel>> SendAsync(List<Parcel> parcels)
    {
        var sent = parcels.GroupBy(parcel => homes.Of(parcel.Key.Shard)).Select(async home =>
        {
            var load = home.ToList();
            if (home.Key is null) return load;
            try
            {
                var tasks = load.Where(parcel => parcel.Task is not null).Select(parcel => CarriedTask.Of(parcel.Task!)).ToArray();
                var removed = load.Where(parcel => parcel.Task is null).Select(parcel => parcel.Key.Id).ToArray();
                var refused = (await gateways.Of(home.Key).Accept(tasks, removed)).ToHashSet();
                return load.FindAll(parcel => parcel.Task is not null && refused.Contains(parcel.Key.Id));
            }
            catch (Exception)
            {
                // Whatever stopped the call, the silo may be gone: the next try asks where home is then.
                return load;
            }
        });
        return [.. (await Task.WhenAll(sent)).SelectMany(parcels => parcels)];
    }

    private async Task SendAgain(List<Parcel> parcels, CancellationToken cancellation)
    {
        var lost = parcels.RemoveAll(parcel => parcel.Tries >= TriesMax);
        if (lost > 0) TaskLog.NotHandedOver(log, lost);
        await Task.Delay(Retry, time, cancellation);
        foreach (var parcel in parcels) _waiting.Writer.TryWrite(parcel with { Tries = parcel.Tries + 1 });
    }

    private readonly record struct Parcel(TaskKey Key, TimedTask? Task, int Tries);
}
