using GroupBuyActors.Groups;

namespace GroupBuyActors.Store.Projections;

/// <summary>A group's row in the lists and books, as it is after an event.</summary>
/// <param name="View">The group; its terms are written only <paramref name="WithTerms"/>.</param>
/// <param name="Stock">Its stock.</param>
/// <param name="PublishedAt">By which lists are ordered.</param>
/// <param name="WithTerms">True where the terms may not be stored yet: as the group goes on the shelf, and when it is
/// built anew. Until they are, lists do not show it.</param>
internal sealed record GroupRow(GroupView View, StockFigures Stock, DateTimeOffset PublishedAt, bool WithTerms);

/// <summary>What a commit changes in the lists and books: attached to the commit for the projector.</summary>
internal sealed record ProjectionChange(
    GroupId Group,
    long Sequence,
    GroupRow? Row,
    IReadOnlyList<PaymentEntry> Payments
);

/// <summary>Writes the projections. An older sequence never overwrites a newer one.</summary>
internal interface IProjections
{
    /// <summary>Writes many groups' changes; the newest of each group wins.</summary>
    Task WriteAsync(IReadOnlyCollection<ProjectionChange> changes, CancellationToken cancellation);
}
