using System.Text.Json.Serialization;
using GroupBuyActors.Groups;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Reconciliation;

/// <summary>How a line of our books differs from the port's.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DifferenceKind>))]
internal enum DifferenceKind
{
    /// <summary>It is in our books, but not in the port's.</summary>
    [JsonStringEnumMemberName("missing-at-port")]
    MissingAtPort,

    /// <summary>It is in the port's books, but not in ours.</summary>
    [JsonStringEnumMemberName("missing-here")]
    MissingHere,

    /// <summary>The amount, currency or number of units differs.</summary>
    [JsonStringEnumMemberName("amount-differs")]
    AmountDiffers,

    /// <summary>It is refunded in one book, but not in the other.</summary>
    [JsonStringEnumMemberName("state-differs")]
    StateDiffers,
}

/// <summary>Compares two lines with the same key.</summary>
internal static class Differences
{
    /// <summary>
    /// The difference of a payment; null if both agree. A payment that is being refunded agrees with either state,
    /// because the provider may have refunded it before its answer reaches us.
    /// </summary>
    public static DifferenceKind? Between(PaymentEntry? ours, PaymentBookEntry? theirs) =>
        (ours, theirs) switch
        {
            (null, null) => null,
            ({ }, null) => DifferenceKind.MissingAtPort,
            (null, { }) => DifferenceKind.MissingHere,
            _ when ours.Amount != theirs.Amount => DifferenceKind.AmountDiffers,
            _ when ours.State != PaymentState.Refunding && ours.State == PaymentState.Refunded != theirs.IsRefunded =>
                DifferenceKind.StateDiffers,
            _ => null,
        };

    /// <summary>
    /// The difference of a group's stock; null if both agree. A line without units counts as a missing line.
    /// </summary>
    public static DifferenceKind? Between(StockLine? ours, StockBookEntry? theirs)
    {
        var (here, there) = (
            (ours?.Reserved ?? 0, ours?.Deducted ?? 0),
            (theirs?.Reserved ?? 0, theirs?.Deducted ?? 0)
        );
        if (here == there)
            return null;
        if (there == (0, 0) && theirs is null)
            return DifferenceKind.MissingAtPort;
        return here == (0, 0) && ours is null ? DifferenceKind.MissingHere : DifferenceKind.AmountDiffers;
    }
}
