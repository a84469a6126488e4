using GroupBuyActors.Client;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Silo.Demo;

/// <summary>
/// Timed out: two of five buyers join, one pays; at the deadline orders are closed or refunded and the stock is
/// released.
/// </summary>
internal sealed class CrabScene(Campaign crabs, Narrator narrator)
{
    private OrderDocument? _paid,
        _unpaid;

    public async Task BeginAsync()
    {
        await crabs.PublishAsync();
        (_paid, _unpaid) = (await crabs.JoinAsync("chen"), await crabs.JoinAsync("gao"));
        await crabs.PayAsync(_paid);
    }

    public async Task EndAsync()
    {
        var expired = await crabs.SeesAsync("group.expired");
        var group = await crabs.GroupAsync();
        narrator.Check(
            $"nobody else joined: the group is {"EXPIRED"}, reason {"timeout"}",
            expired && group is { State: GroupPhase.Expired, Reason: ExpiryReason.Timeout }
        );
        if (expired)
        {
            var late = crabs.History.First(item => item.Type == "group.expired").Time - group.Deadline;
            narrator.Check(
                $"the deadline fired {late.TotalMilliseconds} ms after its due time, not early",
                late >= TimeSpan.Zero && late < TimeSpan.FromSeconds(1)
            );
        }

        var refunded =
            await crabs.SeesAsync("order.refunded")
            && _paid is not null
            && (await crabs.OrderAsync(_paid)).Status == OrderStatus.Refunded;
        narrator.Check($"{"chen"}, who paid, is refunded", refunded);
        narrator.Check(
            $"the unpaid order of {"gao"} is closed",
            _unpaid is not null
                && await crabs.OrderAsync(_unpaid)
                    is { Status: OrderStatus.Closed, CloseReason: CloseReason.GroupEnded }
        );
        narrator.Write($"The stock is released five seconds after the group ended…");
        narrator.Check($"all {crabs.Terms.Capacity} units are released", await crabs.SeesAsync("stock.released"));
        await crabs.ReadHistoryAsync();
    }
}
