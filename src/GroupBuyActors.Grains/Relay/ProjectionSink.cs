using GroupBuyActors.Groups;
using GroupBuyActors.Store.Committing;
using GroupBuyActors.Store.Projections;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Relay;

/// <summary>
/// Keeps the lists and books: of many changes of a group only the newest row is written, with every payment that changed, each under the
/// sequence that changed it. Were an older one written under a newer sequence, it would overwrite what happened between the two in
/// another stream, whose carrier was quicker. What was not seen as it was committed is built anew from the group's state.
/// </summary>
internal sealed class ProjectionSink(IProjections projections, IGroupReader reader) : IStreamSink
{
    private const int GroupsAtOnce = 200;

    public string Name => "projections";

    public bool IsDurable => true;

    public Task TakeAsync(IReadOnlyList<Commit> commits, CancellationToken cancellation)
    {
        var newest = new Dictionary<GroupId, ProjectionChange>();
        var older = new List<ProjectionChange>();
        foreach (var change in commits.Select(commit => commit.Attachment).OfType<ProjectionChange>())
        {
            var former = newest.GetValueOrDefault(change.Group);
            newest[change.Group] = former is null ? change : WithTermsOf(former, change);
            if (former is { Payments.Count: > 0 }) older.Add(former with { Row = null });
        }

        return newest.Count == 0 ? Task.CompletedTask : projections.WriteAsync([.. newest.Values, .. older], cancellation);
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

    private static ProjectionChange WithTermsOf(ProjectionChange former, ProjectionChange change) =>
        former.Row is { WithTerms: true } && change.Row is { WithTerms: false } row ? change with { Row = row with { WithTerms = true } } : change;
}
