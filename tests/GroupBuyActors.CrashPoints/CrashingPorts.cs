using GroupBuyActors.Ports;

namespace GroupBuyActors.CrashPoints;

/// <summary>The silo's own ports, with a crash before or after a call.</summary>
internal sealed class CrashingInventory(IInventory inner, CrashPoint point) : IInventory
{
    public Task<PortReply> ReserveAsync(StockReservation reservation, CancellationToken cancellation) =>
        point.AroundAsync("reserve", reservation.Group, () => inner.ReserveAsync(reservation, cancellation));

    public Task<PortReply> DeductAsync(StockDeduction deduction, CancellationToken cancellation) =>
        point.AroundAsync("deduct", deduction.Group, () => inner.DeductAsync(deduction, cancellation));

    public Task<PortReply> ReleaseAsync(StockRelease release, CancellationToken cancellation) =>
        point.AroundAsync("release", release.Group, () => inner.ReleaseAsync(release, cancellation));
}

/// <inheritdoc cref="CrashingInventory"/>
internal sealed class CrashingPayments(IPayments inner, CrashPoint point) : IPayments
{
    public Task<PaymentFindings> QueryAsync(OrderId order, CancellationToken cancellation) =>
        point.AroundAsync("ask", order.Group, () => inner.QueryAsync(order, cancellation));

    public Task<PortReply> RefundAsync(
        string key,
        OrderId order,
        string paymentId,
        Money amount,
        CancellationToken cancellation
    ) => point.AroundAsync("refund", order.Group, () => inner.RefundAsync(key, order, paymentId, amount, cancellation));
}

/// <inheritdoc cref="CrashingInventory"/>
internal sealed class CrashingNotices(INotices inner, CrashPoint point) : INotices
{
    public Task<PortReply> SendAsync(
        string key,
        OrderId order,
        string userId,
        string kind,
        CancellationToken cancellation
    ) => point.AroundAsync("notice", order.Group, () => inner.SendAsync(key, order, userId, kind, cancellation));
}

internal static class CrashingCalls
{
    public static async Task<T> AroundAsync<T>(this CrashPoint point, string step, GroupId group, Func<Task<T>> call)
    {
        point.Reach(CrashSide.Before, step, group.Value);
        var reply = await call().ConfigureAwait(false);
        point.Reach(CrashSide.After, step, group.Value);
        return reply;
    }
}
