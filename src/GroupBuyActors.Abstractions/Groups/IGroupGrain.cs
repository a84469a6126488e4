namespace GroupBuyActors.Groups;

/// <summary>
/// A group. Key: the <see cref="GroupId"/> as text. Every answer, also a refusal, is given only after the state that it
/// is based on is durable. A call that throws (<see cref="TimeoutException"/>, the death of a silo,
/// <see cref="StoreUnavailableException"/>) has an unknown outcome: send it again with the same request key, payment id
/// or content.
/// </summary>
[Alias("groupbuy.IGroupGrain")]
public interface IGroupGrain : IGrainWithStringKey
{
    /// <summary>Publishes the group: <c>Created</c>; <c>Done</c> if repeated with the same content.</summary>
    [Alias("Publish")]
    Task<Reply<GroupView>> Publish(GroupTermsRequest termsRequest, RequestKey? request = null);

    /// <summary>Reads the group.</summary>
    [Alias("Get")]
    Task<Reply<GroupView>> Get();

    /// <summary>Withdraws the group; if repeated, returns the present state.</summary>
    [Alias("Withdraw")]
    Task<Reply<GroupView>> Withdraw(RequestKey? request = null);

    /// <summary>Ends joining early, in state SUCCESS.</summary>
    [Alias("EndJoining")]
    Task<Reply<GroupView>> EndJoining(RequestKey? request = null);

    /// <summary>Joins the group; the answer has <see cref="OrderView.Group"/>.</summary>
    [Alias("Join")]
    Task<Reply<OrderView>> Join(JoinGroup command);

    /// <summary>Reads an order.</summary>
    [Alias("GetOrder")]
    Task<Reply<OrderView>> GetOrder(int number);

    /// <summary>Cancels an order before payment; if repeated, returns the present state.</summary>
    [Alias("CancelOrder")]
    Task<Reply<OrderView>> CancelOrder(int number, RequestKey? request = null);

    /// <summary>Accepts a payment result: <c>Done</c>, or <c>Accepted</c> if the payment will be refunded.</summary>
    [Alias("Pay")]
    Task<Reply<OrderView>> Pay(PayOrder command);

    /// <summary>Requests a refund for a buyer: <c>Accepted</c>.</summary>
    [Alias("RequestRefund")]
    Task<Reply<OrderView>> RequestRefund(RequestRefund command);

    /// <summary>Redeems a voucher.</summary>
    [Alias("Redeem")]
    Task<Reply<OrderView>> Redeem(VoucherCode code, RequestKey? request = null);

    /// <summary>Revokes a redemption.</summary>
    [Alias("RevokeRedemption")]
    Task<Reply<OrderView>> RevokeRedemption(VoucherCode code, RequestKey? request = null);

    /// <summary>
    /// Applies everything that is due now, for a group that seems stuck; changes nothing if nothing is due.
    /// </summary>
    [Alias("Settle")]
    Task<Reply<GroupView>> Settle(RequestKey? request = null);

    /// <summary>
    /// Waits until the last durable sequence is above <paramref name="after"/>, at most 10 s; returns that sequence, 0
    /// for none.
    /// </summary>
    [Alias("WaitForEvents")]
    Task<long> WaitForEvents(long after);
}
