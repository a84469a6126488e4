namespace GroupBuyActors.Client;

/// <summary>
/// Passes each event of a group once and in order: drops events that are stored already, and fills gaps. Knows the
/// view's last sequences, from memory or by a query. There is one per assignment of a partition, so that no sequence is
/// remembered that another owner has changed.
/// </summary>
internal sealed class EventDeduplicator(
    IGroupProjection view,
    GroupEventConsumerOptions options,
    GroupEventConsumerMetrics metrics
)
{
    private readonly SequenceMemory _memory = new(options.GroupsInMemoryMax);

    /// <summary>The batch of those events that are to be stored; null if there are none.</summary>
    public async ValueTask<GroupEventBatch?> DeduplicateAsync(
        IReadOnlyList<GroupEventEnvelope> events,
        CancellationToken cancellation
    )
    {
        var stored = await StoredAsync(events, cancellation);
        var reached = new Dictionary<GroupId, long>(stored);
        var passed = new List<GroupEventEnvelope>(events.Count);
        foreach (var happened in events)
        {
            var last = reached[happened.Group];
            if (happened.Sequence <= last)
            {
                metrics.Repeated();
                continue;
            }

            if (happened.Sequence > last + 1 && !(last == 0 && options.Start != GroupEventStart.Beginning))
                passed.AddRange(
                    await MissingAsync(new GroupEventGap(happened.Group, last, happened.Sequence), cancellation)
                );
            passed.Add(happened);
            reached[happened.Group] = happened.Sequence;
        }

        if (passed.Count == 0)
            return null;
        var checkpoints = new List<GroupEventCheckpoint>();
        foreach (var (group, to) in reached)
            if (to > stored[group])
                checkpoints.Add(new GroupEventCheckpoint(group, stored[group], to));
        return new GroupEventBatch(passed, checkpoints);
    }

    /// <summary>Records that the view has stored the batch.</summary>
    public void Stored(GroupEventBatch batch)
    {
        foreach (var checkpoint in batch.Checkpoints)
            _memory.Set(checkpoint.Group, checkpoint.To);
    }

    /// <summary>Forgets the groups of events of which it is unknown whether the view has stored them.</summary>
    public void Forget(IReadOnlyList<GroupEventEnvelope> events)
    {
        foreach (var happened in events)
            _memory.Forget(happened.Group);
    }

    private async ValueTask<Dictionary<GroupId, long>> StoredAsync(
        IReadOnlyList<GroupEventEnvelope> events,
        CancellationToken cancellation
    )
    {
        var stored = new Dictionary<GroupId, long>();
        var unknown = new HashSet<GroupId>();
        foreach (var happened in events)
        {
            if (stored.ContainsKey(happened.Group) || unknown.Contains(happened.Group))
                continue;
            if (_memory.TryGet(happened.Group, out var sequence))
                stored[happened.Group] = sequence;
            else
                unknown.Add(happened.Group);
        }

        if (unknown.Count == 0)
            return stored;
        var queried = await view.LastSequencesAsync(unknown, cancellation);
        foreach (var group in unknown)
        {
            var sequence = queried.TryGetValue(group, out var last) ? last : 0;
            stored[group] = sequence;
            _memory.Set(group, sequence);
        }

        return stored;
    }

    private async ValueTask<IReadOnlyList<GroupEventEnvelope>> MissingAsync(
        GroupEventGap gap,
        CancellationToken cancellation
    )
    {
        metrics.Gap();
        var events = (await options.OnGap(gap, cancellation)).Events ?? throw new GroupEventGapException(gap);
        if (events.Count == 0)
            return events;
        var isComplete = events.Count == gap.Before - gap.After - 1;
        for (var i = 0; isComplete && i < events.Count; i++)
            isComplete = events[i].Group == gap.Group && events[i].Sequence == gap.After + 1 + i;
        // Retried like a failing view: a history that does not have the events yet will have them later.
        return isComplete
            ? events
            : throw new InvalidOperationException(
                $"The events supplied to fill the gap of group {gap.Group} must be sequences {gap.After + 1} to "
                    + $"{gap.Before - 1}."
            );
    }
}
