namespace GroupBuyActors.Store.Retention;

/// <summary>A place in the journal as a walk goes through it: a stream after the other, each by position.</summary>
internal readonly record struct JournalPlace(long Stream, long Position);

/// <summary>
/// Removes the events of groups that are over. Who decides that a group is over, and has written its last snapshot,
/// names the head: the event of that sequence stays, with which the database goes on refusing an activation that is not
/// the newest.
/// </summary>
internal interface IOldJournals
{
    /// <summary>
    /// Walks on through rows written before, at most so many; gives groups among them that lists say have ended before,
    /// or do not know, and of which more than one event is stored (or only one is, where <paramref name="isAlone"/>),
    /// and where to go on; null at the end.
    /// </summary>
    Task<(IReadOnlyList<GroupId> Groups, JournalPlace? Next)> WalkAsync(
        JournalPlace? after,
        DateTimeOffset before,
        bool isAlone,
        int limit,
        CancellationToken cancellation
    );

    /// <summary>
    /// Removes what is left of a group that nothing may be added to any more, a bounded part at a time: payments and
    /// statuses, then in one transaction all else. Null where it must stay: an event came after
    /// <paramref name="head"/>, a sink has not passed it, or its money or stock is not in its merchant's totals yet.
    /// True once nothing is left.
    /// </summary>
    Task<bool?> RemoveGroupAsync(
        GroupId group,
        long head,
        IReadOnlyCollection<string> sinks,
        int limit,
        CancellationToken cancellation
    );

    /// <summary>
    /// Removes events of a group after one sequence and below another, those that every sink has passed, at most so
    /// many; gives where to go on, null at the end. Nothing is removed of a group that is set aside on the way to a
    /// sink.
    /// </summary>
    Task<(int Removed, long? Next)> RemoveEventsAsync(
        GroupId group,
        long after,
        long below,
        IReadOnlyCollection<string> sinks,
        int limit,
        CancellationToken cancellation
    );

    /// <summary>
    /// Removes rows of the order status log of a group that a later row of the same order has overtaken, at most so
    /// many; gives where to go on, null at the end.
    /// </summary>
    Task<(int Removed, (string Order, long Sequence)? Next)> RemoveStatusesAsync(
        GroupId group,
        (string Order, long Sequence)? after,
        int limit,
        CancellationToken cancellation
    );

    /// <summary>Removes snapshots of a group older than one.</summary>
    Task RemoveSnapshotsAsync(GroupId group, long below, CancellationToken cancellation);
}
