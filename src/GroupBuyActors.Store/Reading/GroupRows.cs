using System.Data.Common;
using GroupBuyActors.Groups;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Reading;

/// <summary>Maps rows of <c>group_view</c> with their terms to groups.</summary>
internal static class GroupRows
{
    /// <summary>The number of columns.</summary>
    public const int Count = 13;

    /// <summary>The columns, in the order that <see cref="Read"/> expects; v is the view, t the terms.</summary>
    public static Raw Columns { get; } =
        new(
            "v.group_id, v.state, v.reason, t.terms, v.buyers, v.buyers_paid, v.seats_taken, v.seats_paid, "
                + "v.settles_by_ms, v.sequence, v.updated_ms, v.fulfilled_ms, v.vouchers_until_ms"
        );

    public static GroupView Read(DbDataReader row) =>
        new()
        {
            GroupId = GroupId.Parse(row.GetString(0)),
            State = StoredNames.ToGroupPhase(row.GetString(1)),
            Reason = row.IsDBNull(2) ? null : StoredNames.ToExpiryReason(row.GetString(2)),
            Terms = StoredTerms.Read(row.Bytes(3)),
            Buyers = row.GetInt32(4),
            BuyersPaid = row.GetInt32(5),
            SeatsTaken = row.GetInt32(6),
            SeatsPaid = row.GetInt32(7),
            SettlesBy = row.Instant(8),
            Sequence = row.GetInt64(9),
            UpdatedAt = row.Instant(10),
            FulfilledAt = row.InstantOrNull(11),
            VouchersValidUntil = row.InstantOrNull(12),
        };
}
