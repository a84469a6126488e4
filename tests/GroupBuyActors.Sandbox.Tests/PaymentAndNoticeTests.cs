using GroupBuyActors.Ports;
using GroupBuyActors.Sandbox.Books;
using GroupBuyActors.Store.Tests;

namespace GroupBuyActors.Sandbox.Tests;

public sealed class SqlitePaymentAndNoticeTests(SqliteFiles files) : PaymentAndNoticeTests(files);

public sealed class MySqlPaymentAndNoticeTests(MariaDb server) : PaymentAndNoticeTests(server);

/// <summary>The payment provider and the notice service, as the sandbox plays them.</summary>
public abstract class PaymentAndNoticeTests(IDatabaseFixture databases)
{
    private static readonly OrderId Order = TestSandbox.Order;
    private static readonly Money Price = TestSandbox.Price;

    [Fact]
    public async Task AskingFindsWhatIsHeld()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        var nothing = await sandbox.Payments.QueryAsync(Order, default);
        Assert.Equal(PortAnswer.Done, nothing.Answer);
        Assert.Empty(nothing.Payments);
        Assert.True(await sandbox.Control.PayAsync(Order, new ProviderPayment("p-1", Price), default));
        Assert.True(await sandbox.Control.PayAsync(Order, new ProviderPayment("P-1", new Money(5, "USD")), default));
        Assert.True(await sandbox.Control.PayAsync(Order, new ProviderPayment("p-1", Price), default));
        Assert.False(await sandbox.Control.PayAsync(Order, new ProviderPayment("p-1", new Money(1, "CNY")), default));
        Assert.Equal(
            [new ProviderPayment("P-1", new Money(5, "USD")), new ProviderPayment("p-1", Price)],
            (await sandbox.Payments.QueryAsync(Order, default)).Payments.OrderBy(
                payment => payment.PaymentId,
                StringComparer.Ordinal
            )
        );
        Assert.Empty((await sandbox.Payments.QueryAsync(new OrderId(TestSandbox.Group, 2), default)).Payments);
        Assert.Equal(2, (await sandbox.CallAsync(SandboxPort.Payments, $"ask:{Order}"))!.Times);
    }

    [Fact]
    public async Task APaymentGoesBackWholeAndOnce()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        await sandbox.Control.PayAsync(Order, new ProviderPayment("支付-1", Price), default);
        Assert.Equal(PortAnswer.Refused, await RefundAsync(sandbox, "支付-1", new Money(1, "CNY")));
        Assert.All(
            await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => RefundAsync(sandbox, "支付-1", Price))),
            answer => Assert.Equal(PortAnswer.Done, answer)
        );
        var asked = await sandbox.Payments.QueryAsync(Order, default);
        Assert.Empty(asked.Payments);
        Assert.Equal(["支付-1"], asked.Refunded);
        Assert.Equal(
            PortAnswer.Refused,
            (await sandbox.Payments.RefundAsync("another key", Order, "支付-1", Price, default)).Answer
        );
        Assert.Equal(9, (await sandbox.CallAsync(SandboxPort.Payments, $"refund:{Order}:支付-1"))!.Times);
    }

    /// <summary>A result told to the order directly was paid at the provider, even if this one never saw it.</summary>
    [Fact]
    public async Task APaymentToldToTheOrderDirectlyGoesBackOnceToo()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        Assert.All(
            await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => RefundAsync(sandbox, "p-9", Price))),
            answer => Assert.Equal(PortAnswer.Done, answer)
        );
        Assert.Equal(
            PortAnswer.Refused,
            (await sandbox.Payments.RefundAsync("another key", Order, "p-9", Price, default)).Answer
        );
        Assert.Empty((await sandbox.Payments.QueryAsync(Order, default)).Payments);
    }

    [Fact]
    public async Task NoticesAreCountedByKey()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        for (var n = 0; n < 2; n++)
            Assert.Equal(
                PortAnswer.Done,
                (await sandbox.Notices.SendAsync($"notice:{Order}:success", Order, "alice", "success", default)).Answer
            );
        Assert.Equal(
            PortAnswer.Done,
            (await sandbox.Notices.SendAsync($"notice:{Order}:refund", Order, "alice", "refund", default)).Answer
        );
        var page = await sandbox.Control.CallsAsync(SandboxPort.Notices, null, null, 1, default);
        Assert.Equal(
            ($"notice:{Order}:refund", "notice", 1L),
            (page.Items[0].Key, page.Items[0].Operation, page.Items[0].Times)
        );
        page = await sandbox.Control.CallsAsync(SandboxPort.Notices, null, page.Next, 1, default);
        Assert.Equal(($"notice:{Order}:success", 2L), (page.Items[0].Key, page.Items[0].Times));
        Assert.Null(page.Next);
        Assert.Empty((await sandbox.Control.CallsAsync(SandboxPort.Payments, null, null, 10, default)).Items);
    }

    private static async Task<PortAnswer> RefundAsync(TestSandbox sandbox, string paymentId, Money amount) =>
        (await sandbox.Payments.RefundAsync($"refund:{Order}:{paymentId}", Order, paymentId, amount, default)).Answer;
}
