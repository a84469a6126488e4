using GroupBuyActors.Ports;
using GroupBuyActors.Store.Sandbox;

namespace GroupBuyActors.Integrations.Sandbox;

/// <summary>The inventory service, played by the sandbox.</summary>
internal sealed class SandboxInventory(SandboxLine line, ISandboxBooks books) : IInventory
{
    public Task<PortReply> ReserveAsync(StockReservation reservation, CancellationToken cancellation) =>
        CallAsync(reservation.Key, "reserve", reservation.Sku, ct => books.ReserveAsync(reservation, ct), cancellation);

    public Task<PortReply> DeductAsync(StockDeduction deduction, CancellationToken cancellation) =>
        CallAsync(deduction.Key, "deduct", deduction.Sku, ct => books.DeductAsync(deduction, ct), cancellation);

    public Task<PortReply> ReleaseAsync(StockRelease release, CancellationToken cancellation) =>
        CallAsync(release.Key, "release", release.Sku, ct => books.ReleaseAsync(release, ct), cancellation);

    private Task<PortReply> CallAsync(string key, string operation, string sku, Func<CancellationToken, Task<PortReply>> effect, CancellationToken cancellation) =>
        line.CallAsync(SandboxPort.Inventory, key, operation, sku, effect, reply => reply, cancellation);
}

/// <summary>The payment provider, played by the sandbox.</summary>
internal sealed class SandboxPayments(SandboxLine line, ISandboxBooks books) : IPayments
{
    public Task<PaymentFindings> AskAsync(OrderId order, CancellationToken cancellation) => line.CallAsync(
        SandboxPort.Payments, $"ask:{order}", "ask", sku: null, ct => books.AskAsync(order, ct), reply => new PaymentFindings(reply.Answer, [], reply.Detail), cancellation);

    public Task<PortReply> RefundAsync(string key, OrderId order, string paymentId, Money amount, CancellationToken cancellation) => line.CallAsync(
        SandboxPort.Payments, key, "refund", sku: null, ct => books.RefundAsync(key, order, paymentId, amount, ct), reply => reply, cancellation);
}

/// <summary>The notice service, played by the sandbox.</summary>
internal sealed class SandboxNotices(SandboxLine line, ISandboxBooks books) : INotices
{
    public Task<PortReply> SendAsync(string key, OrderId order, string userId, string kind, CancellationToken cancellation) => line.CallAsync(
        SandboxPort.Notices, key, "notice", sku: null, ct => books.NotifyAsync(key, ct), reply => reply, cancellation);
}
