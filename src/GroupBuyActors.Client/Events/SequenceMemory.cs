namespace GroupBuyActors.Client;

/// <summary>
/// The last stored sequences of recently used groups: a bounded number, the least recently used are removed first. Not
/// thread-safe.
/// </summary>
internal sealed class SequenceMemory(int countMax)
{
    private readonly Dictionary<GroupId, LinkedListNode<(GroupId Group, long Sequence)>> _nodes = [];
    private readonly LinkedList<(GroupId Group, long Sequence)> _latestFirst = [];

    public int Count => _nodes.Count;

    public bool TryGet(GroupId group, out long sequence)
    {
        sequence = 0;
        if (!_nodes.TryGetValue(group, out var node))
            return false;
        sequence = node.Value.Sequence;
        _latestFirst.Remove(node);
        _latestFirst.AddFirst(node);
        return true;
    }

    public void Set(GroupId group, long sequence)
    {
        Forget(group);
        _nodes[group] = _latestFirst.AddFirst((group, sequence));
        while (_nodes.Count > countMax)
            Forget(_latestFirst.Last!.Value.Group);
    }

    public void Forget(GroupId group)
    {
        if (_nodes.Remove(group, out var node))
            _latestFirst.Remove(node);
    }
}
