using GroupBuyActors.Ports;
using GroupBuyActors.Reconciliation;
using GroupBuyActors.Sandbox.Books;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Store.Tests;

namespace GroupBuyActors.Sandbox.Tests;

public sealed class SqliteBookTests(SqliteFiles files) : BookTests(files);

public sealed class MySqlBookTests(MariaDb server) : BookTests(server);

/// <summary>The ports' own books, as the sandbox shows them.</summary>
public abstract class BookTests(IDatabaseFixture databases)
{
    private static readonly Money Price = TestSandbox.Price;

    [Fact]
    public async Task AMerchantsPaymentsComeOnceEachInTheOrderOfTheirKeys()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        string[] orders = ["10042.SH.tea.1", "10042.SH.tea.10", "10042.SH.tea.2", "10042.SH.tea-2.1", "10042.BJ.tea.1"];
        foreach (var order in orders)
        foreach (var payment in (string[])["p-2", "P-1", "支付", "\U0001F375", "\uFF21"])
            await sandbox.Control.PayAsync(OrderId.Parse(order), new ProviderPayment(payment, Price), default);
        // Merchants whose numbers begin with the same digits, or end where this one's begin.
        foreach (var other in (string[])["1004.SH.tea.1", "100420.SH.tea.1", "1.SH.tea.1", "10043.SH.tea.1"])
            await sandbox.Control.PayAsync(OrderId.Parse(other), new ProviderPayment("p", Price), default);
        foreach (var limit in (int[])[1, 4, 1000])
        {
            var all = await AllAsync(after => sandbox.PaymentBooks.ReadAsync(10042, after, limit, default));
            Assert.Equal(25, all.Select(BookKey.Of).Distinct().Count());
            Assert.Equal(all.Select(BookKey.Of).Order(), all.Select(BookKey.Of));
            Assert.All(all, entry => Assert.Equal((Price, false), (entry.Amount, entry.IsRefunded)));
        }

        Assert.Empty(await AllAsync(after => sandbox.PaymentBooks.ReadAsync(10041, after, 10, default)));
    }

    [Fact]
    public async Task ARefundedPaymentStaysInTheBooks()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        await sandbox.Control.PayAsync(TestSandbox.Order, new ProviderPayment("p-1", Price), default);
        await sandbox.Payments.RefundAsync("refund:1", TestSandbox.Order, "p-1", Price, default);
        await sandbox.Payments.RefundAsync("refund:2", TestSandbox.Order, "told directly", Price, default);
        Assert.Equal(
            [
                new PaymentBookEntry(TestSandbox.Order, "p-1", Price, true),
                new PaymentBookEntry(TestSandbox.Order, "told directly", Price, true),
            ],
            await AllAsync(after => sandbox.PaymentBooks.ReadAsync(TestSandbox.Group.MerchantId, after, 1, default))
        );
    }

    [Fact]
    public async Task AGroupsStockIsWhatItsReservationsStillHold()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        await sandbox.SetStockAsync(100);
        await sandbox.ReserveAsync(1, 200);
        await sandbox.ReserveAsync(2, 30);
        await sandbox.DeductAsync(1, 12, attempt: 2);
        await sandbox.ReleaseAsync(1, units: 5, returned: 2, attempt: 2);
        var expected = new StockBookEntry(TestSandbox.Group, TestSandbox.Sku, 13, 10);
        Assert.Equal(
            [expected],
            await AllAsync(after => sandbox.StockBooks.ReadAsync(TestSandbox.Group.MerchantId, after, 10, default))
        );
        Assert.Empty(await AllAsync(after => sandbox.StockBooks.ReadAsync(1, after, 10, default)));
    }

    /// <summary>
    /// The end of an id and what follows it in a key sort differently: groups must come in the order of their ids all
    /// the same.
    /// </summary>
    [Fact]
    public async Task StockComesInTheOrderOfGroups()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        string[] groups = ["10042.SH.tea", "10042.SH.tea-2", "10042.SH.tea0", "10042.SH-A.tea", "10042.BJ.a"];
        foreach (var group in groups)
        foreach (var sku in (string[])["tea", "Tea", "茶"])
            await sandbox.Inventory.ReserveAsync(
                new StockReservation(
                    $"reserve:{group}:{(sku == "tea" ? 1 : sku == "Tea" ? 2 : 3)}",
                    GroupId.Parse(group),
                    sku,
                    3
                ),
                default
            );
        foreach (var limit in (int[])[1, 2, 100])
        {
            var all = await AllAsync(after => sandbox.StockBooks.ReadAsync(10042, after, limit, default));
            Assert.Equal(15, all.Select(entry => (entry.Group, entry.Sku)).Distinct().Count());
            Assert.Equal(groups.Order(StringComparer.Ordinal), all.Select(entry => entry.Group.Value).Distinct());
            Assert.All(all.Chunk(3), skus => Assert.Equal(["Tea", "tea", "茶"], skus.Select(entry => entry.Sku)));
        }
    }

    [Fact]
    public async Task BooksThatFailAreSilent()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        await sandbox.Control.SetFaultAsync(
            SandboxPort.Payments,
            new SandboxFault(1, TimeSpan.Zero, false, null),
            default
        );
        await sandbox.Control.SetFaultAsync(
            SandboxPort.Inventory,
            new SandboxFault(1, TimeSpan.Zero, true, null),
            default
        );
        var page = await sandbox.PaymentBooks.ReadAsync(10042, null, 10, default);
        Assert.Equal((PortAnswer.Unavailable, "The sandbox is configured to fail."), (page.Answer, page.Detail));
        Assert.Equal(PortAnswer.Refused, (await sandbox.StockBooks.ReadAsync(10042, null, 10, default)).Answer);
        Assert.Equal(1, (await sandbox.CallAsync(SandboxPort.Payments, "books:10042"))!.Times);
    }

    /// <summary>Not the first page, which a reader would take for the next one for ever.</summary>
    [Fact]
    public async Task APageTokenOfAnotherListOrWithoutAPlaceIsRefused()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        foreach (var list in (string[])["payment-book", "stock-book", "calls"])
        {
            var token = PageToken.Write(list, 0, "10042.SH.tea");
            await Assert.ThrowsAsync<FormatException>(() => sandbox.PaymentBooks.ReadAsync(10042, token, 10, default));
            await Assert.ThrowsAsync<FormatException>(() => sandbox.StockBooks.ReadAsync(10042, token, 10, default));
        }
    }

    private static async Task<List<T>> AllAsync<T>(Func<string?, Task<BookPage<T>>> read)
    {
        var all = new List<T>();
        string? after = null;
        do
        {
            var page = await read(after);
            Assert.Equal(PortAnswer.Done, page.Answer);
            all.AddRange(page.Items);
            after = page.Next;
        } while (after is not null);
        return all;
    }
}
