using System.Globalization;
using System.Net;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using GroupBuyActors.Events;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Client;

/// <summary>
/// A typed client of the HTTP API. Idempotent by default: every call that changes something has an idempotency key that
/// stays the same over its retries, so a call that returns was executed exactly once, whatever failed in between. A
/// refusal throws <see cref="ProblemException"/>; if the service does not answer, the exception of the last try is
/// thrown. Thread-safe.
/// </summary>
/// <remarks>
/// Can be a typed client of <c>IHttpClientFactory</c>: <c>services.AddHttpClient&lt;GroupBuyClient&gt;(http =&gt;
/// http.BaseAddress = …)</c>.
/// </remarks>
public sealed class GroupBuyClient : IGroupBuyClient
{
    private readonly Transport _transport;
    private readonly TimeProvider _time;

    /// <summary>Calls the service at the base address of <paramref name="http"/>.</summary>
    public GroupBuyClient(HttpClient http, GroupBuyClientOptions? options = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(http);
        _time = time ?? TimeProvider.System;
        _transport = new Transport(http, options ?? new GroupBuyClientOptions(), _time);
        Sandbox = new SandboxClient(_transport);
    }

    /// <summary>The sandbox's inventory, payments and faults.</summary>
    public SandboxClient Sandbox { get; }

    /// <summary>Publishes a group; repeated with the same content, it returns the group as it is now.</summary>
    public Task<GroupDocument> PublishAsync(
        GroupId group,
        GroupTermsRequest termsRequest,
        CancellationToken cancellation = default
    ) =>
        _transport.SendAsync<GroupDocument>(
            HttpMethod.Put,
            Paths.Group(group),
            termsRequest,
            cancellation,
            asksPort: true
        );

    /// <summary>Reads a group.</summary>
    public Task<GroupDocument> GetGroupAsync(GroupId group, CancellationToken cancellation = default) =>
        _transport.SendAsync<GroupDocument>(HttpMethod.Get, Paths.Group(group), null, cancellation);

    /// <summary>
    /// Lists groups, newest first; lags behind changes by at most a second. <paramref name="after"/>: <c>Next</c> of
    /// the previous page.
    /// </summary>
    public Task<PageDocument<GroupDocument>> ListGroupsAsync(
        long? merchantId = null,
        string? region = null,
        GroupPhase? state = null,
        string? after = null,
        int limit = 50,
        CancellationToken cancellation = default
    ) =>
        _transport.SendAsync<PageDocument<GroupDocument>>(
            HttpMethod.Get,
            Paths.Query(
                "v1/groups",
                ("merchantId", merchantId?.ToString(CultureInfo.InvariantCulture)),
                ("region", region),
                ("state", Paths.Name(state)),
                ("after", after),
                ("limit", Paths.Number(limit))
            ),
            null,
            cancellation
        );

    /// <summary>Withdraws a group before it succeeds.</summary>
    public Task<GroupDocument> WithdrawAsync(GroupId group, CancellationToken cancellation = default) =>
        _transport.SendAsync<GroupDocument>(HttpMethod.Delete, Paths.Group(group), null, cancellation);

    /// <summary>Ends joining early, in state SUCCESS.</summary>
    public Task<GroupDocument> EndJoiningAsync(
        GroupId group,
        string? idempotencyKey = null,
        CancellationToken cancellation = default
    ) =>
        _transport.SendAsync<GroupDocument>(
            HttpMethod.Post,
            Paths.Group(group) + "/end-joining",
            null,
            cancellation,
            idempotencyKey
        );

    /// <summary>
    /// Joins a group for a buyer. Pass a key if the call may be repeated after a restart of your process.
    /// </summary>
    public Task<OrderDocument> JoinAsync(
        GroupId group,
        string userId,
        int quantity = 1,
        string? idempotencyKey = null,
        CancellationToken cancellation = default
    ) =>
        _transport.SendAsync<OrderDocument>(
            HttpMethod.Post,
            Paths.Group(group) + "/orders",
            new JoinDocument(userId, quantity),
            cancellation,
            idempotencyKey
        );

    /// <summary>Reads an order.</summary>
    public Task<OrderDocument> GetOrderAsync(OrderId order, CancellationToken cancellation = default) =>
        _transport.SendAsync<OrderDocument>(HttpMethod.Get, Paths.Order(order), null, cancellation);

    /// <summary>Cancels an order before payment.</summary>
    public Task<OrderDocument> CancelAsync(OrderId order, CancellationToken cancellation = default) =>
        _transport.SendAsync<OrderDocument>(HttpMethod.Delete, Paths.Order(order), null, cancellation);

    /// <summary>Reports a payment result.</summary>
    public async Task<PaymentTaken> PayAsync(
        OrderId order,
        string paymentId,
        Money amount,
        CancellationToken cancellation = default
    )
    {
        var (document, status) = await _transport.SendWithStatusAsync<OrderDocument>(
            HttpMethod.Post,
            Paths.Order(order) + "/payments",
            new PaymentDocument(paymentId, amount.Amount, amount.Currency),
            cancellation,
            asksPort: true
        );
        return new PaymentTaken(document, status == HttpStatusCode.Accepted);
    }

    /// <summary>Requests a refund for a buyer.</summary>
    public Task<OrderDocument> RefundAsync(
        OrderId order,
        string? reason = null,
        string? idempotencyKey = null,
        CancellationToken cancellation = default
    ) =>
        _transport.SendAsync<OrderDocument>(
            HttpMethod.Post,
            Paths.Order(order) + "/refunds",
            new RefundDocument(reason),
            cancellation,
            idempotencyKey
        );

    /// <summary>A buyer's orders, newest first.</summary>
    public Task<PageDocument<OrderDocument>> UserOrdersAsync(
        string userId,
        string? after = null,
        int limit = 50,
        CancellationToken cancellation = default
    ) =>
        _transport.SendAsync<PageDocument<OrderDocument>>(
            HttpMethod.Get,
            Paths.Query(
                $"v1/users/{Uri.EscapeDataString(userId)}/orders",
                ("after", after),
                ("limit", Paths.Number(limit))
            ),
            null,
            cancellation
        );

    /// <summary>Redeems a voucher.</summary>
    public Task<OrderDocument> RedeemAsync(
        VoucherCode code,
        string? idempotencyKey = null,
        CancellationToken cancellation = default
    ) =>
        _transport.SendAsync<OrderDocument>(
            HttpMethod.Post,
            Paths.Redemption(code),
            null,
            cancellation,
            idempotencyKey
        );

    /// <summary>Revokes a redemption.</summary>
    public Task<OrderDocument> RevokeRedemptionAsync(VoucherCode code, CancellationToken cancellation = default) =>
        _transport.SendAsync<OrderDocument>(HttpMethod.Delete, Paths.Redemption(code), null, cancellation);

    /// <summary>A group's events so far, oldest first, page by page.</summary>
    public async IAsyncEnumerable<HistoryItem> HistoryAsync(
        GroupId group,
        long after = 0,
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        for (string? pageToken = Paths.Number(after); pageToken is not null; )
        {
            var page = await _transport.SendAsync<PageDocument<HistoryItem>>(
                HttpMethod.Get,
                Paths.Query(Paths.Group(group) + "/history", ("after", pageToken), ("limit", "500")),
                null,
                cancellation
            );
            foreach (var item in page.Items)
                yield return item;
            pageToken = page.Next;
        }
    }

    /// <summary>
    /// A group's events after a sequence, and new ones as they happen, without end. A broken stream is opened again
    /// after the last event seen, so each event is returned exactly once, in order. Ends when the token is cancelled,
    /// or with a <see cref="ProblemException"/>.
    /// </summary>
    public async IAsyncEnumerable<HistoryItem> EventsAsync(
        GroupId group,
        long after = 0,
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        while (true)
        {
            await using var events = StreamAsync(group, after, cancellation).GetAsyncEnumerator(cancellation);
            while (await NextAsync(events))
            {
                if (events.Current.Sequence <= after)
                    continue;
                after = events.Current.Sequence;
                yield return events.Current;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), _time, cancellation);
        }
    }

    /// <summary>
    /// Applies everything that is due now in a group that seems stuck, and repairs its tasks (operators).
    /// </summary>
    public Task<GroupDocument> SettleAsync(GroupId group, CancellationToken cancellation = default) =>
        _transport.SendAsync<GroupDocument>(HttpMethod.Post, $"v1/admin/groups/{group}/settle", null, cancellation);

    /// <summary>A merchant's books (operators).</summary>
    public Task<BooksDocument> BooksAsync(long merchantId, CancellationToken cancellation = default) =>
        _transport.SendAsync<BooksDocument>(
            HttpMethod.Get,
            Paths.Query("v1/admin/reconciliation", ("merchantId", Paths.Number(merchantId))),
            null,
            cancellation
        );

    /// <summary>The silos of the cluster (operators).</summary>
    public Task<ClusterDocument> ClusterAsync(CancellationToken cancellation = default) =>
        _transport.SendAsync<ClusterDocument>(HttpMethod.Get, "v1/admin/cluster", null, cancellation);

    /// <summary>Pending and running timed tasks, the latest due first (operators).</summary>
    public Task<PageDocument<TaskDocument>> TasksAsync(
        GroupId? group = null,
        string? type = null,
        string? after = null,
        int limit = 50,
        CancellationToken cancellation = default
    ) =>
        _transport.SendAsync<PageDocument<TaskDocument>>(
            HttpMethod.Get,
            Paths.Query(
                "v1/admin/tasks",
                ("groupId", group?.ToString()),
                ("type", type),
                ("after", after),
                ("limit", Paths.Number(limit))
            ),
            null,
            cancellation
        );

    private async IAsyncEnumerable<HistoryItem> StreamAsync(
        GroupId group,
        long after,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        using var response = await _transport.OpenAsync(
            Paths.Query(Paths.Group(group) + "/events", ("after", Paths.Number(after))),
            "text/event-stream",
            cancellation
        );
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var parser = SseParser.Create(
            body,
            static (_, data) =>
                JsonSerializer.Deserialize<HistoryItem>(data, ContractJson.Options)
                ?? throw new JsonException("The event is not a JSON object.")
        );
        await foreach (var item in parser.EnumerateAsync(cancellation))
            yield return item.Data;
    }

    // A broken connection ends this stream, not the enumeration.
    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<HistoryItem> events)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception e)
            when (e
                    is HttpRequestException
                        or IOException
                        or ProblemException { Status: HttpStatusCode.ServiceUnavailable }
            )
        {
            return false;
        }
    }
}
