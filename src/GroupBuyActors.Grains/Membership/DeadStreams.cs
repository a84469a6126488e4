using GroupBuyActors.Placement;
using GroupBuyActors.Relay;
using GroupBuyActors.Streams;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Membership;

/// <summary>
/// Handles streams whose silo is not a member of the cluster: they are fenced, so that nothing is committed to them any
/// more, and drained into the sinks by the silo that is the home of each.
/// </summary>
internal sealed class DeadStreams(IStreams streams, StreamRelay relay, ShardMap shardMap, ILogger<DeadStreams> log)
{
    private readonly HashSet<long> _known = [];
    private readonly HashSet<long> _draining = [];
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>
    /// Reads all streams; called before the membership is read, because a silo joins before it creates streams.
    /// </summary>
    public Task<IReadOnlyList<StreamRow>> ReadAsync(CancellationToken cancellation) => streams.ListAsync(cancellation);

    /// <summary>Fences streams; returns how many, and whether any dead stream was not known before.</summary>
    public async Task<(int Fenced, bool HasChanged)> FenceAsync(
        IReadOnlyList<StreamRow> rows,
        ClusterMembershipSnapshot snapshot,
        CancellationToken cancellation
    )
    {
        var gone = rows.Where(row => row.State == StreamState.Alive && !snapshot.HasMember(row.SiloAddress)).ToList();
        if (gone.Count > 0)
        {
            await streams.FenceAsync([.. gone.Select(row => row.Id)], cancellation);
            MembershipLog.FencedOthers(
                log,
                gone.Count,
                string.Join(", ", gone.Select(row => row.SiloAddress).Distinct())
            );
        }

        var before = _known.Count;
        _known.IntersectWith(rows.Select(row => row.Id));
        var vanished = _known.Count != before;
        var known = _known.Count;
        _known.UnionWith(gone.Select(row => row.Id));
        _known.UnionWith(rows.Where(row => row.State == StreamState.Dead).Select(row => row.Id));
        return (gone.Count, _known.Count != known || vanished);
    }

    /// <summary>Begins to drain the streams whose home is this silo.</summary>
    public void Drain(IReadOnlyList<StreamRow> rows)
    {
        foreach (var row in rows)
            if (_known.Contains(row.Id) && shardMap.IsStreamHere(row.Id))
                DrainInBackground(row.Id);
    }

    /// <summary>Stops draining.</summary>
    public Task StopAsync() => _stopping.CancelAsync();

    private void DrainInBackground(long stream)
    {
        lock (_draining)
            if (!_draining.Add(stream))
                return;
        DrainAsync(stream).Ignore();
    }

    private async Task DrainAsync(long stream)
    {
        try
        {
            await relay.DrainAsync(stream, _stopping.Token);
            await streams.PurgeAsync(_stopping.Token);
        }
        catch (Exception e) when (!_stopping.IsCancellationRequested)
        {
            MembershipLog.DrainFailed(log, e, stream);
        }
        finally
        {
            lock (_draining)
                _draining.Remove(stream);
        }
    }
}
