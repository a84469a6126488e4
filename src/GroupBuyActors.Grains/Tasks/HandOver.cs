using System.Threading.Channels;
using GroupBuyActors.Background;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Brings near tasks to the owners of their shards on other silos, and tells them of near tasks that are gone.
/// Acknowledged, and sent again to whoever is the owner then; but not for ever: every owner reads its horizon again
/// within seconds, and finds them there.
/// </summary>
internal sealed class HandOver(
    Homes homes,
    TaskGateways gateways,
    ClusterClock clock,
    TimeProvider time,
    IOptions<GrainsOptions> options,
    ILogger<HandOver> log
) : StreamingService
{
    private const int WaitingMax = 50_000,
        SendMax = 500,
        SendsMax = 16,
        TriesMax = 20;
    private static readonly TimeSpan SendAgainAfter = TimeSpan.FromMilliseconds(100),
        AnswerWithin = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim _sends = new(SendsMax);
    private readonly Channel<Parcel> _waiting = Channel.CreateBounded<Parcel>(
        new BoundedChannelOptions(WaitingMax) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite }
    );

    /// <summary>Called on a lane's thread. Far tasks wait in the table.</summary>
    public void Add(TimedTask task)
    {
        if (task.NextAt < clock.GetUtcNow() + options.Value.Horizon)
            _waiting.Writer.TryWrite(new Parcel(task.Key, task, 0));
    }

    /// <summary>Called on a lane's thread.</summary>
    public void Remove(TaskKey key)
    {
        if (key.Due < clock.GetUtcNow() + options.Value.Horizon)
            _waiting.Writer.TryWrite(new Parcel(key, null, 0));
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
        var parcels = new List<Parcel>();
        while (parcels.Count < SendMax && _waiting.Reader.TryRead(out var parcel))
            parcels.Add(parcel);
        foreach (var home in parcels.GroupBy(parcel => homes.Of(parcel.Key.Shard)))
        {
            await _sends.WaitAsync(cancellation);
            SendAsync(home.Key, [.. home], cancellation).Ignore();
        }

        return parcels.Count;
    }

    private async Task SendAsync(SiloAddress? home, List<Parcel> parcels, CancellationToken cancellation)
    {
        try
        {
            parcels = await OfferAsync(home, parcels);
        }
        finally
        {
            _sends.Release();
        }

        if (parcels.Count == 0)
            return;
        var lost = parcels.RemoveAll(parcel => parcel.Tries >= TriesMax);
        if (lost > 0)
            TaskLog.NotHandedOver(log, lost);
        await Task.Delay(SendAgainAfter, time, cancellation);
        foreach (var parcel in parcels)
            _waiting.Writer.TryWrite(parcel with { Tries = parcel.Tries + 1 });
    }

    /// <summary>Gives those that were not taken.</summary>
    private async Task<List<Parcel>> OfferAsync(SiloAddress? home, List<Parcel> parcels)
    {
        if (home is null)
            return parcels;
        try
        {
            var tasks = parcels
                .Where(parcel => parcel.Task is not null)
                .Select(parcel => CarriedTask.Of(parcel.Task!))
                .ToArray();
            var removed = parcels.Where(parcel => parcel.Task is null).Select(parcel => parcel.Key.Id).ToArray();
            var refused = (await gateways.Of(home).Accept(tasks, removed).WaitAsync(AnswerWithin, time)).ToHashSet();
            return parcels.FindAll(parcel => parcel.Task is not null && refused.Contains(parcel.Key.Id));
        }
        catch (Exception)
        {
            // Whatever stopped the call, the silo may be gone: the next try asks where home is then.
            return parcels;
        }
    }

    private readonly record struct Parcel(TaskKey Key, TimedTask? Task, int Tries);
}
