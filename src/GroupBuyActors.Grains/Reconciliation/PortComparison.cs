using GroupBuyActors.Groups;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Reconciliation;

/// <summary>A line that differs, and went on differing when both sides were asked again.</summary>
/// <param name="Key">The line.</param>
/// <param name="Ours">As the group has it; null for nothing.</param>
/// <param name="Theirs">As the port has it; null for nothing.</param>
/// <param name="Kind">How.</param>
internal sealed record Difference<TOurs, TTheirs>(BookKey Key, TOurs? Ours, TTheirs? Theirs, DifferenceKind Kind)
    where TOurs : class
    where TTheirs : class;

/// <summary>How our books of a merchant compare with one port's.</summary>
/// <param name="Answered">False where the port was silent, or its books could not be used: what is told is not
/// all.</param>
/// <param name="Reason">Why not, or why it is not complete.</param>
/// <param name="Differing">The first of the differing lines, in the order of the books.</param>
/// <param name="Counts">All of them, by kind.</param>
/// <param name="Underway">Lines that differ for now, as something about them is not finished: no differences.</param>
/// <param name="Complete">True where every line of both sides was compared.</param>
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
    /// <summary>How many lines differ.</summary>
    public long Count => Counts.Values.Sum();
}

/// <summary>How a merchant's books compare with the ports'.</summary>
/// <param name="Payments">With the payment provider's.</param>
/// <param name="Stock">With the inventory service's.</param>
/// <param name="ComparedAt">When the comparison began.</param>
internal sealed record MerchantComparison(
    PortComparison<PaymentEntry, PaymentBookEntry> Payments,
    PortComparison<StockLine, StockBookEntry> Stock,
    DateTimeOffset ComparedAt
)
{
    /// <summary>True where both ports showed all of their books.</summary>
    public bool IsComplete =>
        Payments is { Answered: true, Complete: true } && Stock is { Answered: true, Complete: true };
}
