using System.Collections.Concurrent;
using GroupBuyActors.Reading;

namespace GroupBuyActors.Silo.Http;

/// <summary>
/// Finds whether groups exist, so that calls with invented ids are answered without an activation. Groups continue to
/// exist, so this is remembered for the groups that were used last. That a group does not exist is read again each
/// time, so that a group that was published a moment ago, on any silo, is found.
/// </summary>
internal sealed class KnownGroups(IActorReader reader, TimeProvider time)
{
    /// <summary>Ids in each of the two generations: together about 20 MB.</summary>
    private const int GenerationMax = 50_000;

    /// <summary>Concurrent look-ups: invented ids use at most half of the connections that serve reads.</summary>
    private const int LookUpsMax = 8;

    private readonly ConcurrentDictionary<GroupId, Task<bool>> _running = new();
    private readonly SemaphoreSlim _slots = new(LookUpsMax);
    private readonly Lock _gate = new();
    private volatile ConcurrentDictionary<GroupId, byte> _current = new();
    private volatile ConcurrentDictionary<GroupId, byte> _previous = new();
    private int _count;

    /// <summary>True if the group is known to exist; false means nothing.</summary>
    public bool Contains(GroupId group)
    {
        if (_current.ContainsKey(group))
            return true;
        if (!_previous.ContainsKey(group))
            return false;
        Add(group);
        return true;
    }

    /// <summary>Records that a group exists.</summary>
    public void Add(GroupId group)
    {
        if (!_current.TryAdd(group, 0) || Interlocked.Increment(ref _count) < GenerationMax)
            return;
        lock (_gate)
        {
            if (_count < GenerationMax)
                return;
            (_previous, _current, _count) = (_current, new ConcurrentDictionary<GroupId, byte>(), 0);
        }
    }

    /// <summary>
    /// True if any event of the group is stored, including its intended publication. Throws if the store does not
    /// answer in time.
    /// </summary>
    public async Task<bool> ExistsAsync(GroupId group)
    {
        if (Contains(group))
            return true;
        // A look-up that began earlier can prove that the group exists, but not that it still does not.
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
        using var limit = new CancellationTokenSource(EdgeOptions.LookUpTimeout, time);
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
