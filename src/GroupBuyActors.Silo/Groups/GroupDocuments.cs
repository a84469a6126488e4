using GroupBuyActors.Client;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Silo.Groups;

/// <summary>Maps groups to documents of the API.</summary>
internal static class GroupDocuments
{
    public static GroupDocument Of(GroupView view) =>
        new()
        {
            GroupId = view.GroupId,
            State = view.State,
            Reason = view.Reason,
            Title = view.Terms.Title,
            Sku = view.Terms.Sku,
            UnitPrice = view.Terms.UnitPrice,
            MinGroupSize = view.Terms.MinGroupSize,
            Capacity = view.Terms.Capacity,
            PerUserLimit = view.Terms.PerUserLimit,
            Buyers = view.Buyers,
            BuyersPaid = view.BuyersPaid,
            SeatsTaken = view.SeatsTaken,
            SeatsPaid = view.SeatsPaid,
            ShelfAt = view.Terms.ShelfAt,
            OpensAt = view.Terms.OpensAt,
            Deadline = view.Terms.Deadline,
            SettlesBy = view.SettlesBy,
            Sequence = view.Sequence,
            UpdatedAt = view.UpdatedAt,
            OpenDelay = view.Terms.OpenDelay,
            Timeout = view.Terms.Timeout,
            PaymentWindow = view.Terms.PaymentWindow,
            VoucherValidity = view.Terms.VoucherValidity,
            RevokeWindow = view.Terms.RevokeWindow,
            LapsePolicy = view.Terms.LapsePolicy,
            CountBy = view.Terms.CountBy,
            FulfilledAt = view.FulfilledAt,
            VouchersValidUntil = view.VouchersValidUntil,
        };

    public static string Location(GroupView view) => $"/v1/groups/{view.GroupId}";
}
