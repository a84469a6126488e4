using GroupBuyActors.Groups;
using GroupBuyActors.Store.Committing;
using GroupBuyActors.Store.Projections;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Relay;

/// <summary>
/// Keeps the lists and books: of many changes of a group only the newest row is written, with every payment that changed.
/// What was not seen as it was committed is built anew from the group's state.
/// </summary>
internal sealed class ProjectionSink(IProjections projections, IGroupReader reader) : IStreamSink
{
    private const int GroupsAtOnce = 200;

    public string Name => "projections";

    public bool IsDurable => true;

    public Task TakeAsync(IReadOnlyList<Commit> commits, CancellationToken cancellation)
    {
        var newest = new Dictionary<GroupId, ProjectionChange>();
        foreach (var commit in commits)
            if (commit.Attachment is ProjectionChange change)
                newest[change.Group] = newest.TryGetValue(change.Group, out var older) ? Merge(older, change) : change;
        return newest.Count == 0 ? Task.CompletedTask : projections.WriteAsync(newest.Values, cancellation);
    }

    public async Task TakeAsync(IReadOnlyList<JournalRow> rows, CancellationToken cancellation)
    {
        foreach (var groups in rows.Select(row => row.Group).OfType<GroupId>().Distinct().Chunk(GroupsAtOnce))
        {
            var changes = new List<ProjectionChange>(groups.Length);
            foreach (var group in groups) changes.Add(GroupLoader.WholeOf((await GroupLoader.LoadAsync(reader, group, cancellation)).State));
            await projections.WriteAsync(changes, cancellation);
        }
    }

    private static ProjectionChange Merge(ProjectionChange older, ProjectionChange newer)
    {
        if (older.Row is { WithTerms: true } && newer.Row is { WithTerms: false } row) newer = newer with { Row = row with { WithTerms = true } };
        if (older.Payments.Count == 0) return newer;
        if (newer.Payments.Count == 0) return newer with { Payments = older.Payments };
        var latest = new Dictionary<(OrderId, string), PaymentEntry>();
        foreach (var payment in older.Payments) latest[(payment.Order, payment.PaymentId)] = payment;
        foreach (var payment in newer.Payments) latest[(payment.Order, payment.PaymentId)] = payment;
        return newer with { Payments = [.. latest.Values] };
    }
}
