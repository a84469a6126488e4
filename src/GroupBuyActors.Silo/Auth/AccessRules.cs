using System.Collections.Frozen;

namespace GroupBuyActors.Silo.Auth;

/// <summary>What can be done over HTTP, as far as rights differ.</summary>
internal enum Operation
{
    PublishGroup,
    ReadGroup,
    ListGroups,
    WithdrawGroup,
    EndJoining,
    ReadHistory,
    Join,
    ReadOrder,
    CancelOrder,
    ReportPayment,
    RequestRefund,
    ListUserOrders,
    RedeemVoucher,
    RevokeRedemption,
    Administer,
    ControlSandbox,
    PayAtSandbox,
    ViewDashboard,
}

/// <summary>How far a role may do something.</summary>
internal enum Reach
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>With what is its own: a buyer's orders, a merchant's groups.</summary>
    Own,

    /// <summary>With everything.</summary>
    Any,
}

/// <summary>
/// Who may do what: the one table. An operator may do everything. A history shows who the other buyers are, so buyers
/// do not read it; a voucher is redeemed at the merchant, so its buyer neither redeems it nor takes that back. A
/// payment result of anyone but the payment service is believed only after the provider was asked.
/// </summary>
internal static class AccessRules
{
    private static readonly FrozenDictionary<Operation, (Reach Buyer, Reach Merchant, Reach Payments)> Table =
        new Dictionary<Operation, (Reach Buyer, Reach Merchant, Reach Payments)>
        {
            //                                 buyer       merchant    payments
            [Operation.PublishGroup] = (Reach.None, Reach.Own, Reach.None),
            [Operation.ReadGroup] = (Reach.Any, Reach.Own, Reach.Any),
            [Operation.ListGroups] = (Reach.Any, Reach.Own, Reach.None),
            [Operation.WithdrawGroup] = (Reach.None, Reach.Own, Reach.None),
            [Operation.EndJoining] = (Reach.None, Reach.Own, Reach.None),
            [Operation.ReadHistory] = (Reach.None, Reach.Own, Reach.None),
            [Operation.Join] = (Reach.Own, Reach.None, Reach.None),
            [Operation.ReadOrder] = (Reach.Own, Reach.Own, Reach.Any),
            [Operation.CancelOrder] = (Reach.Own, Reach.None, Reach.None),
            [Operation.ReportPayment] = (Reach.Own, Reach.Own, Reach.Any),
            [Operation.RequestRefund] = (Reach.Own, Reach.None, Reach.None),
            [Operation.ListUserOrders] = (Reach.Own, Reach.None, Reach.None),
            [Operation.RedeemVoucher] = (Reach.None, Reach.Own, Reach.None),
            [Operation.RevokeRedemption] = (Reach.None, Reach.Own, Reach.None),
            [Operation.Administer] = (Reach.None, Reach.None, Reach.None),
            [Operation.ControlSandbox] = (Reach.None, Reach.None, Reach.None),
            [Operation.PayAtSandbox] = (Reach.Own, Reach.None, Reach.Any),
            [Operation.ViewDashboard] = (Reach.None, Reach.None, Reach.None),
        }.ToFrozenDictionary();

    public static Reach Of(Role role, Operation operation) =>
        role switch
        {
            Role.Buyer => Table[operation].Buyer,
            Role.Merchant => Table[operation].Merchant,
            Role.Payments => Table[operation].Payments,
            Role.Operator => Reach.Any,
            _ => throw new ArgumentOutOfRangeException(nameof(role), role, null),
        };
}
