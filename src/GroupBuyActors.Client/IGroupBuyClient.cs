using GroupBuyActors.Events;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Client;

/// <summary>
/// The operations on groups, orders and vouchers. <see cref="GroupBuyClient"/> calls them over HTTP; the client that
/// <see cref="GroupBuyOrleansClientServices"/> registers calls the actors. Idempotent by default: every call that
/// changes something has an idempotency key that stays the same over its retries, so a call that returns was executed
/// exactly once, whatever failed in between. A refusal throws <see cref="ProblemException"/>. Thread-safe.
/// </summary>
/// <remarks>
/// What operators do besides (tasks, policies, books, the cluster) and the sandbox are routes of HTTP only.
/// </remarks>
public interface IGroupBuyClient
{
    /// <summary>Publishes a group; repeated with the same content, it returns the group as it is now.</summary>
    Task<GroupDocument> PublishAsync(
        GroupId group,
        GroupTermsRequest termsRequest,
        CancellationToken cancellation = default
    );

    /// <summary>Reads a group.</summary>
    Task<GroupDocument> GetGroupAsync(GroupId group, CancellationToken cancellation = default);

    /// <summary>
    /// Lists groups, newest first; lags behind changes by at most a second. <paramref name="after"/>: <c>Next</c> of
    /// the previous page; <paramref name="limit"/>: 1 to 500.
    /// </summary>
    Task<PageDocument<GroupDocument>> ListGroupsAsync(
        long? merchantId = null,
        string? region = null,
        GroupPhase? state = null,
        string? after = null,
        int limit = 50,
        CancellationToken cancellation = default
    );

    /// <summary>Withdraws a group before it succeeds.</summary>
    Task<GroupDocument> WithdrawAsync(GroupId group, CancellationToken cancellation = default);

    /// <summary>Ends joining early, in state SUCCESS.</summary>
    Task<GroupDocument> EndJoiningAsync(
        GroupId group,
        string? idempotencyKey = null,
        CancellationToken cancellation = default
    );

    /// <summary>
    /// Joins a group for a buyer. Pass a key if the call may be repeated after a restart of your process.
    /// </summary>
    Task<OrderDocument> JoinAsync(
        GroupId group,
        string userId,
        int quantity = 1,
        string? idempotencyKey = null,
        CancellationToken cancellation = default
    );

    /// <summary>Reads an order.</summary>
    Task<OrderDocument> GetOrderAsync(OrderId order, CancellationToken cancellation = default);

    /// <summary>Cancels an order before payment.</summary>
    Task<OrderDocument> CancelAsync(OrderId order, CancellationToken cancellation = default);

    /// <summary>Reports a payment result.</summary>
    Task<PaymentTaken> PayAsync(
        OrderId order,
        string paymentId,
        Money amount,
        CancellationToken cancellation = default
    );

    /// <summary>Requests a refund for a buyer.</summary>
    Task<OrderDocument> RefundAsync(
        OrderId order,
        string? reason = null,
        string? idempotencyKey = null,
        CancellationToken cancellation = default
    );

    /// <summary>A buyer's orders, newest first.</summary>
    Task<PageDocument<OrderDocument>> UserOrdersAsync(
        string userId,
        string? after = null,
        int limit = 50,
        CancellationToken cancellation = default
    );

    /// <summary>Redeems a voucher.</summary>
    Task<OrderDocument> RedeemAsync(
        VoucherCode code,
        string? idempotencyKey = null,
        CancellationToken cancellation = default
    );

    /// <summary>Revokes a redemption.</summary>
    Task<OrderDocument> RevokeRedemptionAsync(VoucherCode code, CancellationToken cancellation = default);

    /// <summary>A group's events so far, oldest first, page by page.</summary>
    IAsyncEnumerable<HistoryItem> HistoryAsync(GroupId group, long after = 0, CancellationToken cancellation = default);

    /// <summary>
    /// A group's events after a sequence, and new ones as they happen, without end: each exactly once, in order,
    /// whatever breaks meanwhile. Ends when the token is cancelled, or with a <see cref="ProblemException"/>.
    /// </summary>
    IAsyncEnumerable<HistoryItem> EventsAsync(GroupId group, long after = 0, CancellationToken cancellation = default);

    /// <summary>
    /// Applies everything that is due now in a group that seems stuck, and repairs its tasks (operators).
    /// </summary>
    Task<GroupDocument> SettleAsync(GroupId group, CancellationToken cancellation = default);
}
