using GroupBuyActors.Groups;

namespace GroupBuyActors.Store.Projections;

/// <summary>A group's row in the lists and books, as it is after an event.</summary>
public sealed record GroupRow(GroupView View, StockFigures Stock, DateTimeOffset PublishedAt);

/// <summary>What a commit changes in the lists and books: attached to the commit for the projector.</summary>
public sealed record ProjectionChange(GroupId Group, long Sequence, GroupRow? Row, IReadOnlyList<PaymentEntry> Payments);

/// <summary>Writes the projections. An older sequence never overwrites a newer one.</summary>
public interface IProjections
{
    /// <summary>Writes many groups' changes; the newest of each group wins.</summary>
    Task WriteAsync(IReadOnlyCollection<ProjectionChange> changes, CancellationToken cancellation);
}
