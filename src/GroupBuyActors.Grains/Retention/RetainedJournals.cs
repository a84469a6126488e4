using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Relay;
using GroupBuyActors.Store.Retention;
using GroupBuyActors.Store.Slots;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Retention;

/// <summary>
/// Events of groups that are over, and their rows in the order status log except each order's last status.
/// </summary>
/// <remarks>
/// Problem: a group is read, and may be written (a late payment), long after it has ended, and its journal is all there
/// is of it. So the group's state is written as a snapshot at its head first, read back, and compared; then its events
/// go, but the last one: with that the database goes on refusing an activation that is not the newest, and what is
/// added later follows it. What is removed was passed by every sink. A pass walks through the streams from the oldest
/// row on, so that groups that lists never knew are found too; a crash leaves a group with fewer events, which the next
/// pass finds again.
/// </remarks>
internal sealed class RetainedJournals(
    SlotStore store,
    StreamRelay relay,
    ClusterClock clock,
    IOptions<GrainsOptions> options
) : IRetainedKind
{
    private const int RowsWalked = 500;
    private readonly Queue<GroupId> _found = new();
    private JournalPosition? _position;
    private bool _isLast;
    private Removal? _removal;

    public string Kind => "journals";

    public TimeSpan Interval => TimeSpan.FromHours(1);

    public async Task<PurgeStep> StepAsync(int rowsMax, CancellationToken cancellation)
    {
        var before = clock.GetUtcNow() - options.Value.Retention.Journals;
        if (
            _removal is null
            && _found.TryDequeue(out var group)
            && await PrepareAsync(group, before, cancellation) is { } head
        )
            _removal = new Removal(group, head);
        if (_removal is { } removal)
        {
            // A group that fails does not affect the others and is tried again in the next pass.
            _removal = null;
            var removed = await RemoveAsync(removal, rowsMax, cancellation);
            if (!removal.IsOver)
                _removal = removal;
            return new PurgeStep(removed, IsDone: false);
        }

        if (_found.Count > 0)
            return new PurgeStep(0, IsDone: false);
        if (!_isLast)
            await ScanAsync(before, cancellation);
        // The groups of the last stretch are still to be examined; then the pass is over, even if some of them had to
        // stay.
        var isOver = _isLast && _found.Count == 0;
        if (isOver)
            _isLast = false;
        return new PurgeStep(0, isOver);
    }

    private async Task ScanAsync(DateTimeOffset before, CancellationToken cancellation)
    {
        (var groups, _position) = await store.OldJournals.ScanAsync(
            _position,
            before,
            isAlone: false,
            RowsWalked,
            cancellation
        );
        _isLast = _position is null;
        foreach (var found in groups)
            _found.Enqueue(found);
    }

    /// <summary>
    /// Makes sure that the group can be loaded without its events; returns its head, or null if the events must stay.
    /// </summary>
    private async Task<long?> PrepareAsync(GroupId group, DateTimeOffset before, CancellationToken cancellation)
    {
        var (state, _) = await GroupLoader.LoadAsync(store.Reader, group, cancellation);
        if (state.UpdatedAt >= before || !GroupEnd.IsOver(state, clock.GetUtcNow()))
            return null;
        if (
            (await store.Tasks.FindAllOfActorAsync(group.Actor, 1, cancellation)).Count > 0
            || await HasUndecidedAsync(group, cancellation)
        )
            return null;
        var snapshot = GroupSnapshot.Write(state);
        await store.Reader.WriteSnapshotAsync(group.Actor, state.Sequence, snapshot, cancellation);
        var stored = await store.Reader.LoadAsync(group.Actor, cancellation);
        // Everything stays if another event was committed meanwhile, or the snapshot is not read back as it was
        // written.
        return
            stored.SnapshotSequence == state.Sequence
            && stored.Snapshot.AsSpan().SequenceEqual(snapshot)
            && GroupSnapshot.Write(GroupSnapshot.Read(group, stored.Snapshot)).AsSpan().SequenceEqual(snapshot)
            ? state.Sequence
            : null;
    }

    private async Task<bool> HasUndecidedAsync(GroupId group, CancellationToken cancellation)
    {
        var letters = await store.Outcomes.SearchAsync(
            new TaskOutcomeFilter
            {
                Status = TaskOutcomeStatus.Dead,
                Actor = group.Actor,
                Redriven = false,
                Dismissed = false,
            },
            null,
            1,
            cancellation
        );
        return letters.Items.Count > 0 || letters.Next is not null;
    }

    private async Task<int> RemoveAsync(Removal removal, int rowsMax, CancellationToken cancellation)
    {
        // Events last, because the next pass finds the group by them after a crash.
        if (removal.HasStatuses)
        {
            (var statuses, removal.Status) = await store.OldJournals.RemoveStatusesAsync(
                removal.Group,
                removal.Status,
                rowsMax,
                cancellation
            );
            removal.HasStatuses = removal.Status is not null;
            return statuses;
        }

        var (events, next) = await store.OldActors.RemoveEventsAsync(
            removal.Group.Actor,
            removal.Event,
            removal.Head,
            relay.DurableSinks,
            rowsMax,
            cancellation
        );
        (removal.Event, removal.IsOver) = (next ?? removal.Event, next is null);
        if (removal.IsOver)
            await store.OldActors.RemoveSnapshotsAsync(removal.Group.Actor, removal.Head, cancellation);
        return events;
    }

    /// <summary>A group whose events are being removed, and how far.</summary>
    private sealed class Removal(GroupId group, long head)
    {
        public GroupId Group => group;

        public long Head => head;

        public bool HasStatuses { get; set; } = true;

        public (string Order, long Sequence)? Status { get; set; }

        public long Event { get; set; }

        public bool IsOver { get; set; }
    }
}
