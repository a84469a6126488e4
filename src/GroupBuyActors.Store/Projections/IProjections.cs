using GroupBuyActors.Groups;

namespace GroupBuyActors.Store.Projections;

/// <summary>A group's row in lists and books after an event.</summary> <param name="View">The group; its terms are
/// written only if <paramref name="WithTerms"/> is true.</param> <param name="Stock">The group's stock.</param>
/// <param name="PublishedAt">The time by which lists are sorted.</param> <param name="WithTerms">True if the terms may
/// not be stored yet: when the group goes on the shelf, and when its rows are rebuilt. Lists do not show a group
/// without stored terms.</param>
internal sealed record GroupRow(GroupView View, StockFigures Stock, DateTimeOffset PublishedAt, bool WithTerms);

/// <summary>A commit's changes of lists and books, attached to the commit for the projection.</summary>
internal sealed record ProjectionChange(
    GroupId Group,
    long Sequence,
    GroupRow? Row,
    IReadOnlyList<PaymentEntry> Payments
);

/// <summary>Writes the projections. An older sequence never overwrites a newer one.</summary>
internal interface IProjections
{
    /// <summary>Writes the changes of many groups; of each group the newest is kept.</summary>
    Task WriteAsync(IReadOnlyCollection<ProjectionChange> changes, CancellationToken cancellation);
}
