using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using GroupBuyActors.Cluster.Load;

namespace GroupBuyActors.Cluster.Checks;

/// <summary>
/// What must hold after any number of crashes: everything acknowledged is there, histories have no gap and can be true,
/// every unit of stock and every payment ended exactly once, and the books of the engine, of the inventory and of the
/// payment provider agree.
/// </summary>
internal sealed class Auditor(Edge edge, Ledger ledger)
{
    private const long SandboxStock = 1_000_000;
    private const int CallsChecked = 400,
        ComparisonsMax = 10;
    private readonly ConcurrentBag<string> _faults = [];

    /// <summary>Histories as the audit read them, by group.</summary>
    public ConcurrentDictionary<string, GroupStory> Stories { get; } = new();

    /// <summary>
    /// Waits until everything due has been done; gives what is still open where it takes longer than
    /// <paramref name="patience"/>.
    /// </summary>
    public async Task<string?> WaitUntilSettledAsync(TimeSpan patience)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var open = await FindOpenAsync();
            if (open is null || TimeProvider.System.GetElapsedTime(started) > patience)
                return open;
            await Task.Delay(250);
        }
    }

    /// <summary>Checks everything; gives every fault found.</summary>
    public async Task<IReadOnlyList<string>> AuditAsync()
    {
        foreach (var complaint in ledger.Complaints)
            _faults.Add(complaint);
        var stories = Stories;
        await InParallelAsync(
            ledger.Campaigns.Values,
            async campaign => stories[campaign.Id] = await ReadAsync(campaign)
        );
        foreach (var fault in stories.Values.SelectMany(story => story.Faults))
            _faults.Add(fault);
        await InParallelAsync(
            ledger.Purchases.Values,
            purchase => CheckPurchaseAsync(purchase, stories[purchase.Campaign.Id])
        );
        await InParallelAsync(ledger.Purchases.Values.Where((_, index) => index % 25 == 0), CheckRepeatAsync);
        await InParallelAsync(stories, story => CheckStockAsync(ledger.Campaigns[story.Key], story.Value));
        await InParallelAsync(ledger.Campaigns.Values, CheckTasksAsync);
        CheckDoubles(stories.Values);
        await CheckRefundCallsAsync(stories.Values);
        await CheckBooksAsync(stories);
        await CheckListsAsync();
        return [.. _faults.Order(StringComparer.Ordinal)];
    }

    /// <summary>
    /// Reads the histories of some campaigns as far as they go, whatever goes on, and gives what cannot be true in
    /// them.
    /// </summary>
    public async Task<IReadOnlyList<string>> ReadSoFarAsync(IEnumerable<Campaign> campaigns)
    {
        var faults = new ConcurrentBag<string>();
        await InParallelAsync(
            campaigns,
            async campaign =>
            {
                foreach (var fault in (await ReadHistoryAsync(campaign)).Faults)
                    faults.Add(fault);
            }
        );
        return [.. faults];
    }

    /// <summary>
    /// Watches the books while everything fails around them: they balance at any instant. Gives how often they were
    /// read.
    /// </summary>
    public async Task<int> WatchBooksAsync(CancellationToken enough)
    {
        var read = 0;
        while (!enough.IsCancellationRequested)
        {
            await Task.Delay(100, CancellationToken.None);
            var merchants = Merchants();
            if (merchants.Count == 0)
                continue;
            var books = await ReadBooksAsync(merchants[read++ % merchants.Count], ports: false);
            if (!books.Balanced)
                ledger.Complain($"the books did not balance under load: {books}");
        }
        return read;
    }

    private async Task<string?> FindOpenAsync()
    {
        string? open = null;
        await InParallelAsync(
            ledger.Campaigns.Values,
            async campaign =>
            {
                if (open is not null)
                    return;
                var group = await edge.AskAsync(HttpMethod.Get, $"/v1/groups/{campaign.Id}");
                var state = group.Succeeded ? group.Body.GetProperty("state").GetString() : group.ToString();
                if (state is not ("FULFILLED" or "EXPIRED"))
                    open = $"{campaign.Id} ({campaign.Plot}) is {state}: {group.Body}";
            }
        );
        if (open is not null)
            return open;
        foreach (var merchant in Merchants())
        {
            var books = await ReadBooksAsync(merchant, ports: false);
            if (books.Refunding != 0 || books.Outstanding != 0)
                return $"the books of {merchant} still have something open: {books}";
        }
        return null;
    }

    private List<long> Merchants() =>
        [.. ledger.Campaigns.Values.Select(campaign => campaign.Merchant).Distinct().Order()];

    /// <summary>
    /// The books of one merchant. A comparison that says itself that it is incomplete, because a group or port did not
    /// answer in time, is made again.
    /// </summary>
    private async Task<Books> ReadBooksAsync(long merchant, bool ports)
    {
        for (var tries = 1; ; tries++)
        {
            var answer = await edge.AskAsync(
                HttpMethod.Get,
                $"/v1/admin/reconciliation?merchantId={merchant}&ports={(ports ? "true" : "false")}"
            );
            if (!answer.Succeeded)
                throw new InvalidOperationException($"The books cannot be read: {answer}");
            var books = new Books(answer.Body);
            if (!ports || books.IsCompared || tries == ComparisonsMax)
                return books;
            await Task.Delay(TimeSpan.FromSeconds(1));
        }
    }

    private async Task<GroupStory> ReadHistoryAsync(Campaign campaign)
    {
        var story = new GroupStory(campaign.Id, campaign.Capacity, campaign.PerUserLimit);
        while (true)
        {
            var page = await edge.AskAsync(
                HttpMethod.Get,
                $"/v1/groups/{campaign.Id}/history?after={story.Sequence}&limit=500"
            );
            var items = page.Body.GetProperty("items").EnumerateArray().ToList();
            foreach (var item in items)
                story.Read(item);
            if (
                items.Count == 0
                || !page.Body.TryGetProperty("next", out var next)
                || next.ValueKind == JsonValueKind.Null
            )
                return story;
        }
    }

    private async Task<GroupStory> ReadAsync(Campaign campaign)
    {
        var story = await ReadHistoryAsync(campaign);
        var group = await edge.AskAsync(HttpMethod.Get, $"/v1/groups/{campaign.Id}");
        Must(
            group.Body.GetProperty("state").GetString() == story.State,
            $"{campaign.Id} says {group.Body.GetProperty("state")}, its history {story.State}"
        );
        Must(
            group.Body.GetProperty("sequence").GetInt64() == story.Sequence,
            $"{campaign.Id} is at {group.Body.GetProperty("sequence")}, its history at {story.Sequence}"
        );
        Must(
            group.Body.GetProperty("seatsTaken").GetInt32() == story.SeatsTaken,
            $"{campaign.Id} has {group.Body.GetProperty("seatsTaken")} seats taken, its history {story.SeatsTaken}"
        );
        return story;
    }

    private async Task CheckPurchaseAsync(Purchase purchase, GroupStory story)
    {
        var answer = await edge.AskAsync(HttpMethod.Get, $"/v1/orders/{purchase.OrderId}");
        if (answer.Status != HttpStatusCode.OK || !story.Orders.TryGetValue(purchase.OrderId, out var told))
        {
            _faults.Add($"{purchase.OrderId} was acknowledged and is gone: {answer}");
            return;
        }
        var status = answer.Body.GetProperty("status").GetString();
        Must(
            answer.Body.GetProperty("userId").GetString() == purchase.UserId && told.UserId == purchase.UserId,
            $"{purchase.OrderId} belongs to another buyer now"
        );
        Must(status == told.Status, $"{purchase.OrderId} says {status}, its history {told.Status}");
        foreach (var (paymentId, _) in purchase.Payments)
            Must(told.Payments.ContainsKey(paymentId), $"payment {paymentId} was acknowledged and is gone");
        Must(
            !purchase.CancelAcknowledged || status is "CLOSED" or "REFUNDED",
            $"{purchase.OrderId} was cancelled and is {status}"
        );
        Must(
            !purchase.RefundAcknowledged || status == "REFUNDED",
            $"{purchase.OrderId} was to be refunded and is {status}"
        );
        Must(
            !purchase.RedeemAcknowledged || purchase.RevokeAcknowledged || status == "REDEEMED",
            $"{purchase.OrderId} was redeemed and is {status}"
        );
        Must(status is not ("PENDING_PAYMENT" or "PAID" or "REFUNDING"), $"{purchase.OrderId} is left {status}");
    }

    /// <summary>The join sent once more, with its key, after everything: its first answer.</summary>
    private async Task CheckRepeatAsync(Purchase purchase)
    {
        var again = await edge.AskAsync(
            HttpMethod.Post,
            $"/v1/groups/{purchase.Campaign.Id}/orders",
            new { userId = purchase.UserId },
            purchase.Key
        );
        Must(
            again.Status == HttpStatusCode.Created
                && again.Replayed
                && again.Body.GetProperty("orderId").GetString() == purchase.OrderId,
            $"{purchase.Key} gave {purchase.OrderId} first and now "
                + $"{again}{(again.Replayed ? "" : " (not marked as replayed)")}"
        );
    }

    /// <summary>Every open end of a group has its task, and no task is left whose end is not open.</summary>
    private async Task CheckTasksAsync(Campaign campaign)
    {
        var check = await edge.AskAsync(HttpMethod.Get, $"/v1/admin/groups/{campaign.Id}/tasks-check");
        Must(check.Succeeded && check.Body.GetProperty("holds").GetBoolean(), $"tasks of {campaign.Id}: {check}");
    }

    /// <summary>
    /// Everyone joined each campaign once, and said so again after every unknown outcome: there is one order of each.
    /// </summary>
    private void CheckDoubles(IEnumerable<GroupStory> stories)
    {
        foreach (
            var twice in stories
                .SelectMany(story => story.Orders)
                .GroupBy(order => order.Value.UserId)
                .Where(own => own.Count() > 1)
        )
            _faults.Add($"{twice.Key} joined once and has {string.Join(", ", twice.Select(order => order.Key))}");
    }

    private async Task CheckStockAsync(Campaign campaign, GroupStory story)
    {
        Must(
            story.Outstanding == 0,
            $"{campaign.Id} is {story.State} with {story.Outstanding} units neither deducted nor given back"
        );
        var stock = await edge.AskAsync(HttpMethod.Get, $"/v1/sandbox/inventory/{campaign.Merchant}/{campaign.Sku}");
        var (available, reserved, deducted) = (
            Number(stock, "available"),
            Number(stock, "reserved"),
            Number(stock, "deducted")
        );
        Must(
            reserved == 0 && deducted == story.Deducted && available + deducted == SandboxStock,
            $"{campaign.Id}: inventory has {available} available, {reserved} reserved, {deducted} deducted; the "
                + $"group deducted {story.Deducted}"
        );
    }

    private async Task CheckRefundCallsAsync(IEnumerable<GroupStory> stories)
    {
        var payments = stories.SelectMany(story => story.Payments).ToList();
        foreach (var payment in payments.Where(payment => payment.Refunds > 1))
            _faults.Add($"{payment.PaymentId} went back {payment.Refunds} times");
        await InParallelAsync(
            payments.Take(CallsChecked),
            async payment =>
            {
                var key = Uri.EscapeDataString($"refund:{payment.OrderId}:{payment.PaymentId}");
                var calls = await edge.AskAsync(HttpMethod.Get, $"/v1/sandbox/calls/payments?key={key}");
                var known = calls.Body.GetProperty("items").GetArrayLength();
                Must(
                    known == payment.Refunds,
                    $"{payment.PaymentId} of {payment.OrderId} went back {payment.Refunds} times; the provider "
                        + $"knows {known} refunds of it"
                );
            }
        );
    }

    private Task CheckBooksAsync(ConcurrentDictionary<string, GroupStory> stories) =>
        InParallelAsync(
            Merchants(),
            async merchant =>
            {
                var books = await ReadBooksAsync(merchant, ports: true);
                var own = ledger
                    .Campaigns.Values.Where(campaign => campaign.Merchant == merchant)
                    .Select(campaign => stories[campaign.Id])
                    .ToList();
                var payments = own.SelectMany(story => story.Payments).ToList();
                Must(
                    books.Balanced && books.Paid == books.Held + books.Settled + books.Refunding + books.Refunded,
                    $"the books of {merchant} do not balance: {books}"
                );
                Must(
                    books.Paid == payments.Sum(payment => payment.Amount),
                    $"histories of {merchant} tell of {payments.Sum(payment => payment.Amount)} paid: {books}"
                );
                Must(
                    books.Refunded == payments.Where(payment => payment.Refunds > 0).Sum(payment => payment.Amount),
                    $"histories of {merchant} tell of other refunds: {books}"
                );
                Must(
                    books.Reserved == own.Sum(story => story.Reserved)
                        && books.Deducted == own.Sum(story => story.Deducted)
                        && books.Released == own.Sum(story => story.Released),
                    $"histories of {merchant} tell of other stock: {books}"
                );
                CheckPorts(merchant, books, payments);
            }
        );

    /// <summary>
    /// The ports' own books beside ours. Most payments are told to their orders without the provider, which hears of
    /// them only when they go back: those, and no others, it must not know. Everything else is a difference that should
    /// not be; money that came to the provider as its order closed is still to be asked for, and is none.
    /// </summary>
    private void CheckPorts(long merchant, Books books, List<PaymentStory> payments)
    {
        var known = ledger.Purchases.Values.Select(purchase => purchase.PaidAtProvider).ToHashSet();
        var untold = payments.Count(payment => payment.Refunds == 0 && !known.Contains(payment.PaymentId));
        Must(
            books.Port("inventory") is { Answered: true, Count: 0 },
            $"the inventory's books of {merchant} differ: {books}"
        );
        var provider = books.Port("payments");
        Must(
            provider.Answered && provider.Count == untold && provider.MissingAtPort == untold,
            $"the provider's books of {merchant} should lack {untold} payments and nothing else: {books}"
        );
    }

    private async Task CheckListsAsync()
    {
        var listed = new HashSet<string>();
        for (string? next = null; ; )
        {
            var page = await edge.AskAsync(
                HttpMethod.Get,
                $"/v1/groups?limit=500{(next is null ? "" : $"&after={Uri.EscapeDataString(next)}")}"
            );
            foreach (var item in page.Body.GetProperty("items").EnumerateArray())
                Must(
                    listed.Add(item.GetProperty("groupId").GetString()!),
                    $"{item.GetProperty("groupId")} is listed twice"
                );
            next = page.Body.TryGetProperty("next", out var after) ? after.GetString() : null;
            if (next is null)
                break;
        }
        foreach (var missing in ledger.Campaigns.Keys.Except(listed))
            _faults.Add($"{missing} is not in the list of groups");
        await InParallelAsync(
            ledger.Purchases.Values.Where((_, index) => index % 25 == 0),
            async purchase =>
            {
                var own = await edge.AskAsync(HttpMethod.Get, $"/v1/users/{purchase.UserId}/orders");
                Must(
                    own.Body.GetProperty("items")
                        .EnumerateArray()
                        .Any(order => order.GetProperty("orderId").GetString() == purchase.OrderId),
                    $"{purchase.UserId} is not told of {purchase.OrderId}"
                );
            }
        );
    }

    private void Must(bool holds, string otherwise)
    {
        if (!holds)
            _faults.Add(otherwise);
    }

    private static long Number(Answer answer, string name) => answer.Body.GetProperty(name).GetInt64();

    private static Task InParallelAsync<T>(IEnumerable<T> items, Func<T, Task> check) =>
        Parallel.ForEachAsync(
            items,
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (item, _) => await check(item)
        );
}
