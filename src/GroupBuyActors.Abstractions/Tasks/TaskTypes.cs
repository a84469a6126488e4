namespace GroupBuyActors.Tasks;

/// <summary>The types of timed tasks, as operators see them.</summary>
public static class TaskTypes
{
    /// <summary>Closes an unpaid order at the end of its payment window.</summary>
    public const string OrderClose = "order-close";

    /// <summary>Ends the joining of a group at its deadline.</summary>
    public const string GroupDeadline = "group-deadline";

    /// <summary>Continues the consequences of a transition on more than 500 orders.</summary>
    public const string GroupSettle = "group-settle";

    /// <summary>Gives stock back.</summary>
    public const string StockRollback = "stock-rollback";

    /// <summary>Ends vouchers whose validity is over; daily, per shard.</summary>
    public const string VoucherScan = "voucher-scan";

    /// <summary>Deducts stock after success, or what settlement still misses.</summary>
    public const string SuccessSaga = "success-saga";

    /// <summary>Gives money back.</summary>
    public const string Refund = "refund";

    /// <summary>Asks the payment provider about an order that was closed unpaid.</summary>
    public const string PaymentCheck = "payment-check";

    /// <summary>Hands a notice to a buyer.</summary>
    public const string Notify = "notify";

    /// <summary>Calls an operation of another service's contract.</summary>
    public const string HttpCallback = "http-callback";

    /// <summary>Compares the books of a merchant slot with the ports' own; daily.</summary>
    public const string Reconciliation = "reconciliation";

    /// <summary>Those whose dead letters may be the last trace of money that is owed.</summary>
    public static IReadOnlyList<string> AboutMoney { get; } = [Refund, PaymentCheck];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        OrderClose,
        GroupDeadline,
        GroupSettle,
        StockRollback,
        VoucherScan,
        SuccessSaga,
        Refund,
        PaymentCheck,
        Notify,
        HttpCallback,
        Reconciliation,
    ];
}
