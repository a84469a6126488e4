using GroupBuyActors.Ports;
using GroupBuyActors.Reading;
using GroupBuyActors.Sandbox.Books;
using GroupBuyActors.Sandbox.Faults;

namespace GroupBuyActors.Sandbox.Ports;

/// <summary>The sandbox's inventory service.</summary>
internal sealed class SandboxInventory(FaultInjector injector, SandboxBooks books) : IInventory
{
    public Task<PortReply> ReserveAsync(StockReservation reservation, CancellationToken cancellation) =>
        CallAsync(reservation.Key, "reserve", reservation.Sku, ct => books.ReserveAsync(reservation, ct), cancellation);

    public Task<PortReply> DeductAsync(StockDeduction deduction, CancellationToken cancellation) =>
        CallAsync(deduction.Key, "deduct", deduction.Sku, ct => books.DeductAsync(deduction, ct), cancellation);

    public Task<PortReply> ReleaseAsync(StockRelease release, CancellationToken cancellation) =>
        CallAsync(release.Key, "release", release.Sku, ct => books.ReleaseAsync(release, ct), cancellation);

    private Task<PortReply> CallAsync(
        string key,
        string operation,
        string sku,
        Func<CancellationToken, Task<PortReply>> effect,
        CancellationToken cancellation
    ) => injector.CallAsync(SandboxPort.Inventory, key, operation, sku, effect, reply => reply, cancellation);
}

/// <summary>The sandbox's payment provider.</summary>
internal sealed class SandboxPayments(FaultInjector injector, SandboxBooks books) : IPayments
{
    public Task<PaymentFindings> QueryAsync(OrderId order, CancellationToken cancellation) =>
        injector.CallAsync(
            SandboxPort.Payments,
            $"ask:{order}",
            "ask",
            sku: null,
            ct => books.QueryAsync(order, ct),
            reply => new PaymentFindings(reply.Answer, [], reply.Detail),
            cancellation
        );

    public Task<PortReply> RefundAsync(
        string key,
        OrderId order,
        string paymentId,
        Money amount,
        CancellationToken cancellation
    ) =>
        injector.CallAsync(
            SandboxPort.Payments,
            key,
            "refund",
            sku: null,
            ct => books.RefundAsync(key, order, paymentId, amount, ct),
            reply => reply,
            cancellation
        );
}

/// <summary>The sandbox's notice service.</summary>
internal sealed class SandboxNotices(FaultInjector injector, SandboxBooks books) : INotices
{
    public Task<PortReply> SendAsync(
        string key,
        OrderId order,
        string userId,
        string kind,
        CancellationToken cancellation
    ) =>
        injector.CallAsync(
            SandboxPort.Notices,
            key,
            "notice",
            sku: null,
            ct => books.NotifyAsync(key, ct),
            reply => reply,
            cancellation
        );
}

/// <summary>The books of the sandbox's payment provider.</summary>
internal sealed class SandboxPaymentBooks(FaultInjector injector, SandboxBooks books) : IPaymentBooks
{
    public Task<BookPage<PaymentBookEntry>> ReadAsync(
        long merchantId,
        string? after,
        int limit,
        CancellationToken cancellation
    ) =>
        injector.CallAsync(
            SandboxPort.Payments,
            $"books:{merchantId}",
            "books",
            sku: null,
            async ct => BookPages.Of(await books.PaymentBookAsync(merchantId, after, limit, ct).ConfigureAwait(false)),
            BookPages.Unread<PaymentBookEntry>,
            cancellation
        );
}

/// <summary>The books of the sandbox's inventory service.</summary>
internal sealed class SandboxStockBooks(FaultInjector injector, SandboxBooks books) : IStockBooks
{
    public Task<BookPage<StockBookEntry>> ReadAsync(
        long merchantId,
        string? after,
        int limit,
        CancellationToken cancellation
    ) =>
        injector.CallAsync(
            SandboxPort.Inventory,
            $"books:{merchantId}",
            "books",
            sku: null,
            async ct => BookPages.Of(await books.StockBookAsync(merchantId, after, limit, ct).ConfigureAwait(false)),
            BookPages.Unread<StockBookEntry>,
            cancellation
        );
}

internal static class BookPages
{
    public static BookPage<T> Of<T>(Page<T> page) => new(PortAnswer.Done, page.Items, page.Next);

    public static BookPage<T> Unread<T>(PortReply reply) => new(reply.Answer, [], null, reply.Detail);
}
