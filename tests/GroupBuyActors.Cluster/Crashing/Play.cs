using System.Net;
using System.Text.Json;
using GroupBuyActors.Cluster.Load;

namespace GroupBuyActors.Cluster.Crashing;

/// <summary>
/// One campaign on its way. Everything is said as a client says it: again with the same key until it is answered. What
/// is left when it is over is told as text, in which the campaign's own id is <c>*</c>, so that two campaigns of one
/// script can be compared.
/// </summary>
internal sealed class Play(Edge edge, string group, SemaphoreSlim inventoryFault)
{
    private const int Price = 6_800;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TaskCompletionSource _published = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private string Merchant => group[..group.IndexOf('.', StringComparison.Ordinal)];

    private string Sku => group[(group.LastIndexOf('.') + 1)..];

    /// <summary>Completes when the campaign is on the shelf.</summary>
    public Task Published => _published.Task;

    public async Task PublishAsync(int size, string paymentWindow = "PT1H")
    {
        Must(
            await edge.AskAsync(
                HttpMethod.Put,
                $"/v1/groups/{group}",
                new
                {
                    title = "Tea",
                    sku = Sku,
                    unitPrice = new { amount = Price, currency = "CNY" },
                    minGroupSize = size,
                    paymentWindow,
                }
            ),
            HttpStatusCode.Created,
            HttpStatusCode.OK
        );
        _published.TrySetResult();
    }

    public async Task JoinAsync(int order)
    {
        var answer = await edge.AskAsync(
            HttpMethod.Post,
            $"/v1/groups/{group}/orders",
            new { userId = $"u-{group}-{order}" },
            $"join-{group}-{order}"
        );
        Must(answer, HttpStatusCode.Created);
        if (answer.Body.GetProperty("orderId").GetString() != $"{group}.{order}")
            throw new InvalidOperationException($"Order {order} became {answer}.");
    }

    public async Task PayAtProviderAsync(int order) =>
        Must(
            await edge.AskAsync(
                HttpMethod.Post,
                $"/v1/sandbox/payments/{group}.{order}",
                new
                {
                    paymentId = $"p{order}",
                    amount = Price,
                    currency = "CNY",
                    callback = false,
                }
            ),
            HttpStatusCode.Accepted
        );

    public async Task PayAsync(int order)
    {
        await PayAtProviderAsync(order);
        Must(
            await edge.AskAsync(
                HttpMethod.Post,
                $"/v1/orders/{group}.{order}/payments",
                new
                {
                    paymentId = $"p{order}",
                    amount = Price,
                    currency = "CNY",
                }
            ),
            HttpStatusCode.OK
        );
    }

    public async Task WithdrawAsync() =>
        Must(await edge.AskAsync(HttpMethod.Delete, $"/v1/groups/{group}"), HttpStatusCode.OK);

    /// <summary>
    /// Inventory refuses everything for good meanwhile. One campaign at a time: the sandbox keeps one fault a port.
    /// </summary>
    public async Task WithoutStockAsync(Func<Task> meanwhile)
    {
        await inventoryFault.WaitAsync();
        try
        {
            Must(
                await edge.AskAsync(
                    HttpMethod.Put,
                    "/v1/sandbox/faults/inventory",
                    new
                    {
                        failRate = 1.0,
                        permanent = true,
                        sku = Sku,
                    }
                ),
                HttpStatusCode.OK
            );
            await meanwhile();
            Must(
                await edge.AskAsync(HttpMethod.Put, "/v1/sandbox/faults/inventory", new { failRate = 0.0 }),
                HttpStatusCode.OK
            );
        }
        finally
        {
            inventoryFault.Release();
        }
    }

    /// <summary>Waits until the history tells of all these.</summary>
    public Task HappenedAsync(params string[] types) =>
        UntilAsync($"tells of {string.Join(" and ", types)}", async () => types.All((await HistoryAsync()).Contains));

    /// <summary>Waits until so many buyers were sent their notice, and those tasks are done.</summary>
    public Task NoticesAsync(int count) =>
        UntilAsync(
            $"has sent {count} notices",
            async () =>
                (await CallsAsync("notices")).Count == count
                && (await edge.AskAsync(HttpMethod.Get, $"/v1/admin/tasks?groupId={group}&type=notify"))
                    .Body.GetProperty("items")
                    .GetArrayLength() == 0
        );

    /// <summary>What is left.</summary>
    public async Task<string> EndAsync()
    {
        var view = (await edge.AskAsync(HttpMethod.Get, $"/v1/groups/{group}")).Body;
        string[] figures = ["state", "reason", "buyers", "buyersPaid", "seatsTaken", "seatsPaid", "sequence"];
        var lines = new List<string>
        {
            string.Join(
                ", ",
                figures.Select(name => $"{name} {(view.TryGetProperty(name, out var value) ? value : default)}")
            ),
        };
        for (var order = 1; ; order++)
        {
            var answer = await edge.AskAsync(HttpMethod.Get, $"/v1/orders/{group}.{order}");
            if (answer.Status == HttpStatusCode.NotFound)
                break;
            lines.Add(
                $"order {order}: {answer.Body.GetProperty("status")}, close reason "
                    + $"{Optional(answer.Body, "closeReason")}, "
                    + $"{(Optional(answer.Body, "voucherCode").Length > 0 ? "a" : "no")} voucher"
            );
        }

        // Which of two independent things was first is chance; that each happened, and how often, is not.
        lines.Add($"history: {string.Join(", ", (await HistoryAsync()).Order(StringComparer.Ordinal))}");
        lines.Add($"stock: {(await edge.AskAsync(HttpMethod.Get, $"/v1/sandbox/inventory/{Merchant}/{Sku}")).Body}");
        foreach (var port in (string[])["inventory", "payments", "notices"])
            lines.Add($"{port} was asked: {string.Join(", ", await CallsAsync(port))}");
        var tasks = (await edge.AskAsync(HttpMethod.Get, $"/v1/admin/tasks?groupId={group}&limit=500"))
            .Body.GetProperty("items")
            .EnumerateArray()
            .Select(task => task.GetProperty("taskType").GetString())
            .Order(StringComparer.Ordinal);
        lines.Add($"tasks left: {string.Join(", ", tasks)}");
        var check = await edge.AskAsync(HttpMethod.Get, $"/v1/admin/groups/{group}/tasks-check");
        lines.Add($"tasks are as the state needs them: {check.Body.GetProperty("holds")}");
        return string.Join('\n', lines).Replace(group, "*", StringComparison.Ordinal);
    }

    private async Task<List<string>> HistoryAsync()
    {
        var answer = await edge.AskAsync(HttpMethod.Get, $"/v1/groups/{group}/history?limit=500");
        return answer.Succeeded
            ?
            [
                .. answer
                    .Body.GetProperty("items")
                    .EnumerateArray()
                    .Select(item => item.GetProperty("type").GetString()!),
            ]
            : [];
    }

    /// <summary>The keys under which the port was asked for this campaign: one for each effect that it had.</summary>
    private async Task<List<string>> CallsAsync(string port)
    {
        var keys = new List<string>();
        for (string? next = null; ; )
        {
            var page = await edge.AskAsync(
                HttpMethod.Get,
                $"/v1/sandbox/calls/{port}?limit=500{(next is null ? "" : $"&after={Uri.EscapeDataString(next)}")}"
            );
            keys.AddRange(
                page.Body.GetProperty("items")
                    .EnumerateArray()
                    .Select(item => item.GetProperty("key").GetString()!)
                    // Asking changes nothing, and a crash may make it necessary once more.
                    .Where(key =>
                        key.Contains(group, StringComparison.Ordinal)
                        && !key.StartsWith("ask:", StringComparison.Ordinal)
                    )
            );
            next = page.Body.TryGetProperty("next", out var after) ? after.GetString() : null;
            if (next is null)
                return [.. keys.Order(StringComparer.Ordinal)];
        }
    }

    private async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            if (TimeProvider.System.GetElapsedTime(started) > Patience)
                throw new TimeoutException($"{group} never {what}: {string.Join(", ", await HistoryAsync())}");
            await Task.Delay(50);
        }
    }

    private static string Optional(JsonElement body, string name) =>
        body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static void Must(Answer answer, params HttpStatusCode[] expected)
    {
        if (!expected.Contains(answer.Status))
            throw new InvalidOperationException($"It answered {answer}.");
    }
}
