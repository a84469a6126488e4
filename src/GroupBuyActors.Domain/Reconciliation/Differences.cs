using System.Text.Json.Serialization;
using GroupBuyActors.Groups;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Reconciliation;

/// <summary>How a line of our books differs from the port's.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DifferenceKind>))]
internal enum DifferenceKind
{
    /// <summary>We have it, the port does not.</summary>
    [JsonStringEnumMemberName("missing-at-port")]
    MissingAtPort,

    /// <summary>The port has it, we do not.</summary>
    [JsonStringEnumMemberName("missing-here")]
    MissingHere,

    /// <summary>Another amount, currency or number of units.</summary>
    [JsonStringEnumMemberName("amount-differs")]
    AmountDiffers,

    /// <summary>Refunded on one side, and not on the other.</summary>
    [JsonStringEnumMemberName("state-differs")]
    StateDiffers,
}

/// <summary>Compares two lines of one key.</summary>
internal static class Differences
{
    /// <summary>
    /// A payment; null where both agree. One that is on its way back agrees with either: the provider may have refunded
    /// it before the answer reaches us.
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

    /// <summary>A group's stock; null where both agree. A line without units is as good as none.</summary>
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
