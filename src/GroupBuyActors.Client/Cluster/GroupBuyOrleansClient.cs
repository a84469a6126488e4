using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using GroupBuyActors.Events;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Client;

/// <summary>The operations of <see cref="IGroupBuyClient"/> by calls of actors.</summary>
internal sealed class GroupBuyOrleansClient : IGroupBuyClient
{
    /// <summary>The name of the activity source.</summary>
    public const string ActivitySourceName = "GroupBuyActors.Client";

    private const int HistoryPage = 500;
    private static readonly TimeSpan EventsRetryWait = TimeSpan.FromMilliseconds(200);

    private readonly IGrainFactory _grains;
    private readonly GroupBuyOrleansClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ActorCalls _calls;
    private readonly CallKeys _keys;

    public GroupBuyOrleansClient(IGrainFactory grains, GroupBuyOrleansClientOptions options, TimeProvider time)
    {
        (_grains, _options, _time) = (grains, options, time);
        _calls = new ActorCalls(options, time);
        _keys = new CallKeys(options);
    }

    public Task<GroupDocument> PublishAsync(
        GroupId group,
        GroupTermsRequest termsRequest,
        CancellationToken cancellation
    )
    {
        var key = _keys.Of("publish", group.Value, null);
        return GroupAsync("publish", group, grain => grain.Publish(termsRequest, key), cancellation, asksPort: true);
    }

    public Task<GroupDocument> GetGroupAsync(GroupId group, CancellationToken cancellation) =>
        GroupAsync("get", group, grain => grain.Get(), cancellation);

    public async Task<PageDocument<GroupDocument>> ListGroupsAsync(
        long? merchantId,
        string? region,
        GroupPhase? state,
        string? after,
        int limit,
        CancellationToken cancellation
    )
    {
        var filter = new GroupListFilter(merchantId, region, state);
        var page = await _calls.CallAsync(
            "list groups",
            region ?? "",
            () => Queries.ListGroups(filter, after, limit),
            cancellation
        );
        return new PageDocument<GroupDocument>([.. page.Items.Select(Documents.Of)], page.Next);
    }

    public Task<GroupDocument> WithdrawAsync(GroupId group, CancellationToken cancellation)
    {
        var key = _keys.Of("withdraw", group.Value, null);
        return GroupAsync("withdraw", group, grain => grain.Withdraw(key), cancellation);
    }

    public Task<GroupDocument> EndJoiningAsync(GroupId group, string? idempotencyKey, CancellationToken cancellation)
    {
        var key = _keys.Of("end joining", group.Value, idempotencyKey);
        return GroupAsync("end joining", group, grain => grain.EndJoining(key), cancellation);
    }

    public Task<OrderDocument> JoinAsync(
        GroupId group,
        string userId,
        int quantity,
        string? idempotencyKey,
        CancellationToken cancellation
    )
    {
        var key = _keys.Of(
            "join",
            group.Value,
            idempotencyKey,
            string.Create(CultureInfo.InvariantCulture, $"{quantity}\n{userId}")
        );
        var command = new JoinGroup(userId, quantity, key);
        return OrderAsync("join", group, grain => grain.Join(command), cancellation);
    }

    public Task<OrderDocument> GetOrderAsync(OrderId order, CancellationToken cancellation) =>
        OrderAsync("get order", order.Group, grain => grain.GetOrder(order.Number), cancellation, isOfOrder: true);

    public Task<OrderDocument> CancelAsync(OrderId order, CancellationToken cancellation)
    {
        var key = _keys.Of("cancel", order.ToString(), null);
        return OrderAsync(
            "cancel",
            order.Group,
            grain => grain.CancelOrder(order.Number, key),
            cancellation,
            isOfOrder: true
        );
    }

    public async Task<PaymentTaken> PayAsync(
        OrderId order,
        string paymentId,
        Money amount,
        CancellationToken cancellation
    )
    {
        var key = _keys.Of("pay", order.ToString(), null);
        var command = new PayOrder(order.Number, paymentId, amount, _options.IsPaymentService, key);
        var grain = _grains.GetGrain<IGroupGrain>(order.Group.Value);
        var reply = await _calls.AnswerAsync(
            "pay",
            order.ToString(),
            async () => OfOrder(await grain.Pay(command)),
            cancellation,
            asksPort: true
        );
        return new PaymentTaken(Documents.Of(reply.Value!), reply.Outcome == ReplyOutcome.Accepted);
    }

    public Task<OrderDocument> RefundAsync(
        OrderId order,
        string? reason,
        string? idempotencyKey,
        CancellationToken cancellation
    )
    {
        var key = _keys.Of("refund", order.ToString(), idempotencyKey, reason ?? "");
        var command = new RequestRefund(order.Number, reason, key);
        return OrderAsync("refund", order.Group, grain => grain.RequestRefund(command), cancellation, isOfOrder: true);
    }

    public async Task<PageDocument<OrderDocument>> UserOrdersAsync(
        string userId,
        string? after,
        int limit,
        CancellationToken cancellation
    )
    {
        var page = await _calls.CallAsync(
            "list orders",
            "",
            () => Queries.ListUserOrders(userId, after, limit),
            cancellation
        );
        return new PageDocument<OrderDocument>([.. page.Items.Select(Documents.Of)], page.Next);
    }

    public Task<OrderDocument> RedeemAsync(VoucherCode code, string? idempotencyKey, CancellationToken cancellation)
    {
        var key = _keys.Of("redeem", code.Value, idempotencyKey);
        return VoucherAsync("redeem", code, grain => grain.Redeem(code, key), cancellation);
    }

    public Task<OrderDocument> RevokeRedemptionAsync(VoucherCode code, CancellationToken cancellation)
    {
        var key = _keys.Of("revoke", code.Value, null);
        return VoucherAsync("revoke", code, grain => grain.RevokeRedemption(code, key), cancellation);
    }

    public async IAsyncEnumerable<HistoryItem> HistoryAsync(
        GroupId group,
        long after,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        // A group that does not exist is refused, not empty.
        await GetGroupAsync(group, cancellation);
        await foreach (var item in StoredAsync(group, after, cancellation))
            yield return item;
    }

    public async IAsyncEnumerable<HistoryItem> EventsAsync(
        GroupId group,
        long after,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        await GetGroupAsync(group, cancellation);
        while (true)
        {
            if (await LastAfterAsync(group, after, cancellation) <= after)
                continue;
            await foreach (var item in StoredAsync(group, after, cancellation))
            {
                after = item.Sequence;
                yield return item;
            }
        }
    }

    public Task<GroupDocument> SettleAsync(GroupId group, CancellationToken cancellation)
    {
        var key = _keys.Of("settle", group.Value, null);
        return GroupAsync("settle", group, grain => grain.Settle(key), cancellation);
    }

    private IGroupQueryGrain Queries => _grains.GetGrain<IGroupQueryGrain>(0);

    private async Task<GroupDocument> GroupAsync(
        string operation,
        GroupId group,
        Func<IGroupGrain, Task<Reply<GroupView>>> call,
        CancellationToken cancellation,
        bool asksPort = false
    )
    {
        var grain = _grains.GetGrain<IGroupGrain>(group.Value);
        return Documents.Of(await _calls.CallAsync(operation, group.Value, () => call(grain), cancellation, asksPort));
    }

    private async Task<OrderDocument> OrderAsync(
        string operation,
        GroupId group,
        Func<IGroupGrain, Task<Reply<OrderView>>> call,
        CancellationToken cancellation,
        bool isOfOrder = false
    )
    {
        var grain = _grains.GetGrain<IGroupGrain>(group.Value);
        var order = await _calls.CallAsync(
            operation,
            group.Value,
            async () => isOfOrder ? OfOrder(await call(grain)) : await call(grain),
            cancellation
        );
        return Documents.Of(order);
    }

    // The answer to an invented code says the same as over HTTP, and the code is in no trace.
    private async Task<OrderDocument> VoucherAsync(
        string operation,
        VoucherCode code,
        Func<IGroupGrain, Task<Reply<OrderView>>> call,
        CancellationToken cancellation
    )
    {
        var grain = _grains.GetGrain<IGroupGrain>(code.Order.Group.Value);
        var order = await _calls.CallAsync(
            operation,
            code.Order.ToString(),
            async () => Missing(await call(grain), RefusalCode.VoucherNotFound, "The voucher does not exist."),
            cancellation
        );
        return Documents.Of(order);
    }

    private static Reply<OrderView> OfOrder(Reply<OrderView> reply) =>
        Missing(reply, RefusalCode.OrderNotFound, "The order does not exist.");

    private static Reply<OrderView> Missing(Reply<OrderView> reply, RefusalCode code, string detail) =>
        reply.Refusal?.Code is RefusalCode.GroupNotFound or RefusalCode.OrderNotFound
            ? new Reply<OrderView> { Refusal = new Refusal(code, detail) }
            : reply;

    private async IAsyncEnumerable<HistoryItem> StoredAsync(
        GroupId group,
        long after,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        for (var isLast = false; !isLast; )
        {
            var page = await _calls.CallAsync(
                "read history",
                group.Value,
                () => Queries.ReadHistory(group, after, HistoryPage),
                cancellation
            );
            foreach (var item in page.Items)
                yield return ItemOf(item);
            isLast = page.Next is null;
            if (!isLast)
                after = page.Items[^1].Sequence;
        }
    }

    /// <summary>The group's last sequence, once it is above another or some time has passed.</summary>
    private async Task<long> LastAfterAsync(GroupId group, long after, CancellationToken cancellation)
    {
        var grain = _grains.GetGrain<IGroupGrain>(group.Value);
        try
        {
            return await _calls.RunAsync(
                "wait for events",
                group.Value,
                () => grain.WaitForEvents(after),
                _options.PortTryTimeout,
                cancellation
            );
        }
        catch (ProblemException e) when (e.Status == HttpStatusCode.ServiceUnavailable)
        {
            await Task.Delay(EventsRetryWait, _time, cancellation);
            return after;
        }
    }

    private static HistoryItem ItemOf(StoredEvent stored)
    {
        using var data = JsonDocument.Parse(stored.Json);
        return new HistoryItem(stored.Sequence, stored.Type, stored.Time, data.RootElement.Clone());
    }
}
