using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Reading;
using GroupBuyActors.Relay;
using GroupBuyActors.Store;
using GroupBuyActors.Store.Projections;
using GroupBuyActors.Streams;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Groups;

/// <summary>
/// Updates the lists and books from one stream: of many changes of a group only the newest row is written, with every
/// payment that changed, each with the sequence that changed it. A payment written with a later sequence would
/// overwrite a change in between from another stream that was forwarded earlier. For rows read from the journal,
/// everything is rebuilt from the group's state.
/// <para>
/// A group that cannot be built (a newer release wrote it, or a row of it is damaged), or whose row cannot be written,
/// is blocked alone: the stream continues with all others. Its row in the table of blocked actors, stored with the
/// cursor that passes its events, prevents the stream from being marked as drained. The group is tried again regularly
/// by the silo that forwards the stream.
/// </para>
/// </summary>
internal sealed class StreamProjection(
    long stream,
    IProjections projections,
    IActorReader reader,
    IBlockedActorStore blockedActors,
    TimeProvider clock,
    GrainsOptions options,
    RelayMetrics metrics,
    ILogger log
) : IStreamConsumer
{
    public const string SinkName = "projections";
    private const int GroupsAtOnce = 200;
    private readonly Dictionary<GroupId, BlockedActorRow> _blocked = [];

    // In the order in which they are tried again.
    private readonly Queue<GroupId> _retryOrder = new();
    private readonly HashSet<GroupId> _unstored = [];
    private bool _isOpen;
    private long _triedAt;

    public string Name => SinkName;

    public int ActorsParked => _blocked.Count;

    public Task TakeAsync(IReadOnlyList<Commit> commits, CancellationToken cancellation)
    {
        var newest = new Dictionary<GroupId, ProjectionChange>();
        var older = new List<ProjectionChange>();
        foreach (var change in commits.Select(commit => commit.Attachment).OfType<ProjectionChange>())
        {
            var former = newest.GetValueOrDefault(change.Group);
            newest[change.Group] = former is null ? change : WithTermsOf(former, change);
            if (former is { Payments.Count: > 0 })
                older.Add(former with { Row = null });
        }

        return WriteAsync([.. newest.Values, .. older], cancellation);
    }

    public async Task TakeAsync(IReadOnlyList<JournalRow> rows, CancellationToken cancellation)
    {
        await OpenAsync(cancellation);
        foreach (
            var groups in rows.Where(row => row.Actor?.Group is { } group && !_blocked.ContainsKey(group))
                .DistinctBy(row => row.Actor)
                .Chunk(GroupsAtOnce)
        )
        {
            var changes = new List<ProjectionChange>(groups.Length);
            foreach (var first in groups)
            {
                var group = first.Actor!.Value.Group!.Value;
                var (whole, fault) = await TryBuildAsync(group, cancellation);
                if (whole is not null)
                    changes.Add(whole);
                else
                    Block(group, first.Sequence, fault!);
            }

            await WriteAsync(changes, cancellation);
        }
    }

    /// <inheritdoc/>
    public async Task<bool> MaintainAsync(long taken, CancellationToken cancellation)
    {
        await OpenAsync(cancellation);
        if (_blocked.Count == 0)
            return true;
        if (_triedAt != 0 && clock.GetElapsedTime(_triedAt) < options.RelayRebuildInterval)
            return false;
        var recovered = new List<GroupId>();
        for (var left = Math.Min(_retryOrder.Count, GroupsAtOnce); left > 0; left--)
        {
            var group = _retryOrder.Dequeue();
            _retryOrder.Enqueue(group);
            if (await TryRecoverAsync(group, cancellation))
                recovered.Add(group);
        }

        var stored = recovered
            .Where(group => !_unstored.Contains(group))
            .Select(group => (group.Actor, (BlockedActorRow?)null))
            .ToList();
        if (stored.Count > 0 && !await blockedActors.ReplaceAsync(stream, Name, taken, stored, cancellation))
            recovered.RemoveAll(group => !_unstored.Contains(group));
        foreach (var group in recovered)
            Release(group);
        _triedAt = clock.GetTimestamp();
        return _blocked.Count == 0;
    }

    /// <inheritdoc/>
    public async Task MoveCursorAsync(IStreams streams, long ofStream, long position, CancellationToken cancellation)
    {
        if (_unstored.Count == 0)
        {
            await streams.MoveCursorAsync(stream, Name, position, cancellation);
            return;
        }

        await blockedActors.MoveCursorAsync(
            stream,
            Name,
            position,
            [.. _unstored.Select(group => _blocked[group])],
            cancellation
        );
        _unstored.Clear();
    }

    /// <summary>Reads the rows that an earlier forwarder of the stream has stored.</summary>
    private async Task OpenAsync(CancellationToken cancellation)
    {
        if (_isOpen)
            return;
        foreach (var row in await blockedActors.ReadAsync(stream, Name, int.MaxValue, cancellation))
            if (row.Actor.Group is { } group && _blocked.TryAdd(group, row))
                _retryOrder.Enqueue(group);
        _isOpen = true;
    }

    /// <summary>
    /// Writes all changes together or, if that fails because of the data, group by group; groups that fail are blocked.
    /// </summary>
    private async Task WriteAsync(List<ProjectionChange> changes, CancellationToken cancellation)
    {
        if (changes.Count == 0 || await TryWriteAsync(changes, cancellation) is null)
            return;
        foreach (var group in changes.GroupBy(change => change.Group))
            if (await TryWriteAsync([.. group], cancellation) is { } fault)
                Block(group.Key, group.Min(change => change.Sequence), fault);
    }

    private async Task<Exception?> TryWriteAsync(List<ProjectionChange> changes, CancellationToken cancellation)
    {
        try
        {
            await projections.WriteAsync(changes, cancellation);
            return null;
        }
        catch (Exception e) when (!StoreFailure.IsOfTheDatabase(e))
        {
            return e;
        }
    }

    private async Task<bool> TryRecoverAsync(GroupId group, CancellationToken cancellation)
    {
        var (whole, _) = await TryBuildAsync(group, cancellation);
        if (whole is null || await TryWriteAsync([whole], cancellation) is not null)
            return false;
        RelayLog.Projected(log, group, stream);
        return true;
    }

    private async Task<(ProjectionChange? Whole, Exception? Fault)> TryBuildAsync(
        GroupId group,
        CancellationToken cancellation
    )
    {
        StoredActor stored;
        try
        {
            stored = await reader.LoadAsync(group.Actor, cancellation);
        }
        catch (Exception e) when (!StoreFailure.IsOfTheDatabase(e))
        {
            return (null, e);
        }

        try
        {
            return (GroupLoader.WholeOf(GroupLoader.Build(group, stored)), null);
        }
        catch (Exception e)
        {
            // There are no calls here, so any failure is caused by the stored data.
            return (null, e);
        }
    }

    private void Block(GroupId group, long sequence, Exception fault)
    {
        if (_blocked.ContainsKey(group))
            return;
        if (_blocked.Count >= options.BlockedActorsMax)
            throw new InvalidOperationException(
                $"{_blocked.Count} groups of stream {stream} are blocked; the stream waits until some of them are "
                    + "released.",
                fault
            );
        _blocked.Add(
            group,
            new BlockedActorRow(
                stream,
                group.Actor,
                sequence,
                BlockedActorState.Parked,
                clock.GetUtcNow(),
                fault.Message
            )
        );
        _retryOrder.Enqueue(group);
        _unstored.Add(group);
        if (_blocked.Count == 1)
            _triedAt = clock.GetTimestamp();
        metrics.Parked(Name);
        RelayLog.NotProjected(log, fault, group, sequence, stream);
    }

    private void Release(GroupId group)
    {
        _blocked.Remove(group);
        _unstored.Remove(group);
        for (var left = _retryOrder.Count; left > 0; left--)
            if (_retryOrder.Dequeue() is var other && other != group)
                _retryOrder.Enqueue(other);
    }

    private static ProjectionChange WithTermsOf(ProjectionChange former, ProjectionChange change) =>
        former.Row is { WithTerms: true } && change.Row is { WithTerms: false } row
            ? change with
            {
                Row = row with { WithTerms = true },
            }
            : change;
}
