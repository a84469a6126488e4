using System.Globalization;
using GroupBuyActors.Admin;
using GroupBuyActors.Client;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Silo.Demo;

/// <summary>
/// The scenes: crabs with too few buyers, tea that succeeds, a concert for which the inventory has no stock; then the
/// books. Each run has its own codes and skus, so it can be repeated with the same data.
/// </summary>
internal sealed class DemoRun(GroupBuyClient client, Narrator narrator, TimeProvider time)
{
    private const long Merchant = 10042;
    private const string Region = "SH-PUDONG";
    private static readonly TimeSpan CrabTime = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan BooksTimeout = TimeSpan.FromSeconds(5);

    public async Task PlayAsync(Uri url)
    {
        narrator.Open(
            url,
            [
                "[bold]Hairy crabs[/]     five buyers needed, two join: it expires, payments are refunded, "
                    + "stock is released",
                "[bold]Longjing tea[/]    three buyers join and pay: vouchers are issued, one is redeemed, one "
                    + "is refunded",
                "[bold]Concert[/]         the stock cannot be deducted: the success is undone, everybody is refunded",
                "[bold]The books[/]       every unit of stock and all money is accounted for",
            ]
        );
        // Milliseconds in base 36: short and different in each run.
        var run = Base36(time.GetUtcNow().ToUnixTimeMilliseconds());
        var before = await client.BooksAsync(Merchant);

        narrator.Scene("19:00  Hairy crabs are published");
        var crabs = new CrabScene(
            Plan("crab", run, "Hairy crabs from Yangcheng Lake, a pair", 26_800, 5, CrabTime),
            narrator
        );
        await crabs.BeginAsync();
        narrator.Scene("19:02  Longjing tea, while the crabs are open");
        await new TeaScene(
            Plan("tea", run, "Longjing tea, first harvest, 250 g", 9_900, 3, TimeSpan.FromMinutes(10)),
            client,
            narrator
        ).PlayAsync();
        narrator.Scene("19:05  A concert without stock");
        await new ConcertScene(
            Plan("concert", run, "Jazz at the river, one seat", 48_000, 2, TimeSpan.FromMinutes(10)),
            client,
            narrator
        ).PlayAsync();
        narrator.Scene("19:06  The deadline of the crabs");
        await crabs.EndAsync();
        narrator.Scene("23:00  The books at the end");
        await BalanceAsync(before);
        narrator.Close();
    }

    private Campaign Plan(string code, string run, string title, long price, int people, TimeSpan timeout) =>
        new(
            client,
            narrator,
            time,
            GroupId.Parse($"{Merchant}.{Region}.{code}-{run}"),
            new GroupTermsRequest
            {
                Title = title,
                Sku = $"{code}-{run}",
                UnitPrice = new Money(price, "CNY"),
                MinGroupSize = people,
                Capacity = people,
                Timeout = timeout,
            }
        );

    // The books lag behind the groups by up to a second, so they are read until they include everything.
    private async Task BalanceAsync(BooksDocument before)
    {
        var began = time.GetTimestamp();
        var after = await client.BooksAsync(Merchant);
        while (!HasArrived(before, after) && time.GetElapsedTime(began) < BooksTimeout)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), time);
            after = await client.BooksAsync(Merchant);
        }

        narrator.Books(before, after);
        narrator.Check($"the books balance", after.Balanced);
        narrator.Check(
            $"{Narrator.Amount(2 * 9_900)} CNY is held for two vouchers of tea, all other payments are refunded",
            HasArrived(before, after)
        );
    }

    // Three teas, one crab and two tickets were paid; two teas are not refunded. Three teas stay deducted, five crabs
    // and two tickets are released.
    private static bool HasArrived(BooksDocument before, BooksDocument after)
    {
        var (was, now) = (Cny(before), Cny(after));
        return now.Paid - was.Paid == 3 * 9_900 + 26_800 + 2 * 48_000
            && now.Held + now.Settled - was.Held - was.Settled == 2 * 9_900
            && now.Refunded - was.Refunded == 9_900 + 26_800 + 2 * 48_000
            && now.Refunding == was.Refunding
            && after.Stock.Deducted - before.Stock.Deducted == 3
            && after.Stock.Released - before.Stock.Released == 5 + 2
            && after.Stock.Outstanding == before.Stock.Outstanding;
    }

    private static CurrencyDocument Cny(BooksDocument books) =>
        books.Currencies.FirstOrDefault(line => line.Currency == "CNY") ?? new CurrencyDocument("CNY", 0, 0, 0, 0, 0);

    private static string Base36(long value)
    {
        var text = "";
        for (; value > 0; value /= 36)
            text =
                "0123456789abcdefghijklmnopqrstuvwxyz"[(int)(value % 36)].ToString(CultureInfo.InvariantCulture) + text;
        return text;
    }
}
