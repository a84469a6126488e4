using System.Collections.Concurrent;
using GroupBuyActors.Reading;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Silo.Http;

/// <summary>
/// Tells which groups exist, so that calls about made-up ids are answered without an activation. That a group exists
/// stays true, and is remembered for the groups asked for last; that one does not is read anew for each question, so
/// that a group which was published a moment ago, through whichever silo, is never hidden.
/// </summary>
internal sealed class KnownGroups(IActorReader reader, IOptions<EdgeOptions> options, TimeProvider time)
{
    /// <summary>Ids in each of the two generations: together about 20 MB.</summary>
    private const int GenerationMax = 50_000;

    /// <summary>Look-ups at once: made-up ids take no more than half of the connections that serve reads.</summary>
    private const int LookUpsMax = 8;

    private readonly ConcurrentDictionary<GroupId, Task<bool>> _running = new();
    private readonly SemaphoreSlim _slots = new(LookUpsMax);
    private readonly Lock _turning = new();
    private volatile ConcurrentDictionary<GroupId, byte> _current = new();
    private volatile ConcurrentDictionary<GroupId, byte> _previous = new();
    private int _count;

    /// <summary>True for a group that is known to exist; false says nothing.</summary>
    public bool Contains(GroupId group)
    {
        if (_current.ContainsKey(group))
            return true;
        if (!_previous.ContainsKey(group))
            return false;
        Add(group);
        return true;
    }

    /// <summary>Notes that a group exists.</summary>
    public void Add(GroupId group)
    {
        if (!_current.TryAdd(group, 0) || Interlocked.Increment(ref _count) < GenerationMax)
            return;
        lock (_turning)
        {
            if (_count < GenerationMax)
                return;
            (_previous, _current, _count) = (_current, new ConcurrentDictionary<GroupId, byte>(), 0);
        }
    }

    /// <summary>
    /// True where something of the group is stored, an intent to publish it included. Throws where the store does not
    /// say in time.
    /// </summary>
    public async Task<bool> ExistsAsync(GroupId group)
    {
        if (Contains(group))
            return true;
        // A look-up that began before this question can prove that the group exists, not that it still does not.
        if (_running.TryGetValue(group, out var running) && await running)
            return true;
        var own = ReadAsync(group);
        _running.TryAdd(group, own);
        try
        {
            return await own;
        }
        finally
        {
            _running.TryRemove(new KeyValuePair<GroupId, Task<bool>>(group, own));
        }
    }

    private async Task<bool> ReadAsync(GroupId group)
    {
        using var limit = new CancellationTokenSource(options.Value.TryTimeout, time);
        try
        {
            await _slots.WaitAsync(limit.Token);
            try
            {
                if (await reader.HeadAsync(group.Actor, limit.Token).WaitAsync(limit.Token) == 0)
                    return false;
                Add(group);
                return true;
            }
            finally
            {
                _slots.Release();
            }
        }
        catch (Exception e)
        {
            throw new StoreUnavailableException("The database could not be asked whether the group exists.", e);
        }
    }
}
