namespace GroupBuyActors.Groups;

/// <summary>
/// One group. Key: the <see cref="GroupId"/> as text. Every answer, refusals included, is given only after the state it
/// saw is durable. A call that throws (<see cref="TimeoutException"/>, silo gone,
/// <see cref="StoreUnavailableException"/>) has an unknown outcome: send it again with the same request key, payment id
/// or content.
/// </summary>
[Alias("groupbuy.IGroupGrain")]
public interface IGroupGrain : IGrainWithStringKey
{
    /// <summary>Publishes: <c>Created</c>, or <c>Done</c> for the same content again.</summary>
    [Alias("Publish")]
    Task<Reply<GroupView>> Publish(GroupTermsRequest termsRequest, RequestKey? request = null);

    /// <summary>Reads the group.</summary>
    [Alias("Get")]
    Task<Reply<GroupView>> Get();

    /// <summary>The merchant withdraws it; again gives the present state.</summary>
    [Alias("Withdraw")]
    Task<Reply<GroupView>> Withdraw(RequestKey? request = null);

    /// <summary>The merchant ends joining early, in SUCCESS.</summary>
    [Alias("EndJoining")]
    Task<Reply<GroupView>> EndJoining(RequestKey? request = null);

    /// <summary>A buyer joins; the answer carries <see cref="OrderView.Group"/>.</summary>
    [Alias("Join")]
    Task<Reply<OrderView>> Join(JoinGroup command);

    /// <summary>Reads an order.</summary>
    [Alias("GetOrder")]
    Task<Reply<OrderView>> GetOrder(int number);

    /// <summary>Cancels before payment; again gives the present state.</summary>
    [Alias("CancelOrder")]
    Task<Reply<OrderView>> CancelOrder(int number, RequestKey? request = null);

    /// <summary>Takes a payment result: <c>Done</c>, or <c>Accepted</c> where the money will be refunded.</summary>
    [Alias("Pay")]
    Task<Reply<OrderView>> Pay(PayOrder command);

    /// <summary>A buyer's refund: <c>Accepted</c>.</summary>
    [Alias("RequestRefund")]
    Task<Reply<OrderView>> RequestRefund(RequestRefund command);

    /// <summary>Redeems a voucher.</summary>
    [Alias("Redeem")]
    Task<Reply<OrderView>> Redeem(VoucherCode code, RequestKey? request = null);

    /// <summary>Takes a redemption back.</summary>
    [Alias("RevokeRedemption")]
    Task<Reply<OrderView>> RevokeRedemption(VoucherCode code, RequestKey? request = null);

    /// <summary>
    /// Decides a group anew that seems stuck: applies whatever is due by now; changes nothing where nothing is.
    /// </summary>
    [Alias("Settle")]
    Task<Reply<GroupView>> Settle(RequestKey? request = null);

    /// <summary>
    /// Waits until the last durable sequence is above <paramref name="after"/>, at most 10 s; gives that sequence, 0
    /// for none.
    /// </summary>
    [Alias("WaitForEvents")]
    Task<long> WaitForEvents(long after);
}
