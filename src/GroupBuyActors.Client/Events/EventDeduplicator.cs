namespace GroupBuyActors.Client;

/// <summary>
/// Lets through each event of a group once and in order: drops what is stored already, and has gaps answered. Knows the
/// view's last sequences, by memory or by asking; one per partition, and gone with it, so that nothing is believed that
/// another owner changed.
/// </summary>
internal sealed class EventDeduplicator(
    IGroupProjection view,
    GroupEventConsumerOptions options,
    GroupEventConsumerMetrics metrics
)
{
    private readonly SequenceMemory _memory = new(options.GroupsInMemoryMax);

    /// <summary>What of these events is to be stored; null where nothing is.</summary>
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

    /// <summary>The view has stored the batch.</summary>
    public void Stored(GroupEventBatch batch)
    {
        foreach (var checkpoint in batch.Checkpoints)
            _memory.Set(checkpoint.Group, checkpoint.To);
    }

    /// <summary>Whether the view has stored these is not known: it is asked anew.</summary>
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
        var asked = await view.LastSequencesAsync(unknown, cancellation);
        foreach (var group in unknown)
        {
            var sequence = asked.TryGetValue(group, out var last) ? last : 0;
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
        var isWhole = events.Count == gap.Before - gap.After - 1;
        for (var i = 0; isWhole && i < events.Count; i++)
            isWhole = events[i].Group == gap.Group && events[i].Sequence == gap.After + 1 + i;
        // Tried again like a failing view: a history that does not have them yet will.
        return isWhole
            ? events
            : throw new InvalidOperationException(
                $"The events supplied to fill the gap of group {gap.Group} must be sequences {gap.After + 1} to "
                    + $"{gap.Before - 1}."
            );
    }
}
