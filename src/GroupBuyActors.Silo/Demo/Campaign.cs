using GroupBuyActors.Client;
using GroupBuyActors.Events;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Silo.Demo;

/// <summary>A campaign of the demo, with the steps that all scenes share.</summary>
internal sealed class Campaign(
    GroupBuyClient client,
    Narrator narrator,
    TimeProvider time,
    GroupId id,
    GroupTermsRequest termsRequest
)
{
    // Every step of the demo takes seconds; one that takes longer has failed.
    private static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(20);
    private readonly List<HistoryItem> _seen = [];

    public GroupId Id => id;

    public GroupTermsRequest Terms => termsRequest;

    public IReadOnlyList<HistoryItem> History => _seen;

    public async Task PublishAsync()
    {
        var group = await client.PublishAsync(id, termsRequest);
        var price = Narrator.Amount(group.UnitPrice.Amount);
        narrator.Write($"Published: {group.Title} at {price} {group.UnitPrice.Currency}.");
        narrator.Write($"It needs {group.MinGroupSize} buyers within {Words(group.Timeout)}.");
    }

    public async Task<OrderDocument> JoinAsync(string user)
    {
        var order = await client.JoinAsync(id, user);
        var (state, taken) = (JsonName(order.Group!.State), order.Group.SeatsTaken);
        narrator.Write(
            $"{user} joins (order {order.OrderId.Number}): {state}, {taken} of {termsRequest.Capacity} seats are taken."
        );
        return order;
    }

    /// <summary>The buyer pays at the provider, which notifies the group.</summary>
    public async Task PayAsync(OrderDocument order)
    {
        await client.Sandbox.PayAsync(
            order.OrderId,
            new SandboxPaymentDocument($"pay-{order.OrderId.Number}", order.Total.Amount, order.Total.Currency)
        );
        narrator.Write($"{order.UserId} pays {Narrator.Amount(order.Total.Amount)} {order.Total.Currency}.");
    }

    /// <summary>
    /// Follows the group's live events until the condition is true; false if it does not become true in time.
    /// </summary>
    public async Task<bool> SeesAsync(Func<IReadOnlyList<HistoryItem>, bool> enough)
    {
        if (enough(_seen))
            return true;
        using var limit = new CancellationTokenSource(StepTimeout, time);
        try
        {
            await foreach (var item in client.EventsAsync(id, _seen.Count, limit.Token))
            {
                _seen.Add(item);
                if (enough(_seen))
                    return true;
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            // The caller reports it as a failed check.
        }

        return false;
    }

    public Task<bool> SeesAsync(string type, int times = 1) =>
        SeesAsync(seen => seen.Count(item => item.Type == type) >= times);

    public Task<OrderDocument> OrderAsync(OrderDocument order) => client.GetOrderAsync(order.OrderId);

    public Task<GroupDocument> GroupAsync() => client.GetGroupAsync(id);

    /// <summary>The code of a refused call; empty if it succeeds.</summary>
    public static async Task<string> RefusalAsync(Func<Task> call)
    {
        try
        {
            await call();
            return "";
        }
        catch (ProblemException refused)
        {
            return refused.Code;
        }
    }

    /// <summary>Reads the whole history from the journal and shows it.</summary>
    public async Task ReadHistoryAsync()
    {
        var history = new List<HistoryItem>();
        await foreach (var item in client.HistoryAsync(id))
            history.Add(item);
        narrator.Timeline(history);
        narrator.Check(
            $"the history has {history.Count} events without a gap, and the live stream showed the same events",
            IsGapFree(history) && SameBegin(history, _seen)
        );
    }

    private static string Words(TimeSpan span) =>
        span < TimeSpan.FromMinutes(1) ? $"{span.TotalSeconds} s" : $"{span.TotalMinutes} min";

    public static string JsonName<T>(T value)
        where T : struct, Enum => Http.JsonNames<T>.Of(value);

    private static bool IsGapFree(List<HistoryItem> history) =>
        history.Select(item => item.Sequence).SequenceEqual(Enumerable.Range(1, history.Count).Select(n => (long)n));

    private static bool SameBegin(List<HistoryItem> history, List<HistoryItem> seen) =>
        seen.Count > 0
        && history.Count >= seen.Count
        && history
            .Zip(seen)
            .All(pair => pair.First.Sequence == pair.Second.Sequence && pair.First.Type == pair.Second.Type);
}
