using System.Collections.Frozen;

namespace GroupBuyActors.Silo.Auth;

/// <summary>The operations over HTTP that rights distinguish.</summary>
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

/// <summary>On which objects a role may perform an operation.</summary>
internal enum Reach
{
    /// <summary>On none.</summary>
    None,

    /// <summary>On its own: a buyer's orders, a merchant's groups.</summary>
    Own,

    /// <summary>On all.</summary>
    Any,
}

/// <summary>
/// The table of rights. An operator may do everything. A history shows who the other buyers are, so buyers may not read
/// it. A voucher is redeemed at the merchant, so its buyer may neither redeem it nor revoke the redemption. A payment
/// result is checked with the provider unless the payment service or an operator reports it.
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
