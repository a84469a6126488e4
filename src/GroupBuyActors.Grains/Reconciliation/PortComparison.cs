using GroupBuyActors.Groups;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Reconciliation;

/// <summary>A line that differed, and still differed when both sides were asked again.</summary>
/// <param name="Key">The line.</param>
/// <param name="Ours">The group's line; null if it has none.</param>
/// <param name="Theirs">The port's line; null if it has none.</param>
/// <param name="Kind">How they differ.</param>
internal sealed record Difference<TOurs, TTheirs>(BookKey Key, TOurs? Ours, TTheirs? Theirs, DifferenceKind Kind)
    where TOurs : class
    where TTheirs : class;

/// <summary>How our books of a merchant compare with one port's.</summary>
/// <param name="Answered">False if the port did not answer, or its books could not be used: the result is not
/// complete.</param>
/// <param name="Reason">Why the port's books could not be used, or why the comparison is not complete.</param>
/// <param name="Differing">The first of the differing lines, in the order of the books.</param>
/// <param name="Counts">The number of differing lines, by kind.</param>
/// <param name="Underway">The number of lines that differ at present because something about them is in progress; they
/// are not differences.</param>
/// <param name="Complete">True if every line of both sides was compared.</param>
internal sealed record PortComparison<TOurs, TTheirs>(
    bool Answered,
    string? Reason,
    IReadOnlyList<Difference<TOurs, TTheirs>> Differing,
    IReadOnlyDictionary<DifferenceKind, long> Counts,
    long Underway,
    bool Complete
)
    where TOurs : class
    where TTheirs : class
{
    /// <summary>The number of differing lines.</summary>
    public long Count => Counts.Values.Sum();
}

/// <summary>How a merchant's books compare with the ports'.</summary>
/// <param name="Payments">The comparison with the payment provider's books.</param>
/// <param name="Stock">The comparison with the inventory service's books.</param>
/// <param name="ComparedAt">When the comparison began.</param>
internal sealed record MerchantComparison(
    PortComparison<PaymentEntry, PaymentBookEntry> Payments,
    PortComparison<StockLine, StockBookEntry> Stock,
    DateTimeOffset ComparedAt
)
{
    /// <summary>True if all of both ports' books were compared.</summary>
    public bool IsComplete =>
        Payments is { Answered: true, Complete: true } && Stock is { Answered: true, Complete: true };
}
