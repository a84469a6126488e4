using GroupBuyActors.Groups;

namespace GroupBuyActors.Client;

/// <summary>How a refusal is told over HTTP, and by <see cref="ProblemException"/>.</summary>
internal static class RefusalStatus
{
    /// <summary>The status code and the title of a refusal.</summary>
    public static (int Status, string Title) Of(RefusalCode code) =>
        code switch
        {
            RefusalCode.RequestInvalid => (400, "Invalid request"),
            RefusalCode.GroupNotFound => (404, "Group not found"),
            RefusalCode.GroupExists => (409, "The group already exists with different content"),
            RefusalCode.GroupNotOpen => (409, "Joining has not opened yet"),
            RefusalCode.GroupClosed => (409, "Joining has ended"),
            RefusalCode.GroupFull => (409, "Not enough free seats"),
            RefusalCode.GroupNotWithdrawable => (409, "The group cannot be withdrawn"),
            RefusalCode.GroupNotSuccessful => (409, "The group is not in state SUCCESS"),
            RefusalCode.OrderNotFound => (404, "Order not found"),
            RefusalCode.OrderLimitReached => (409, "The buyer's limit is reached"),
            RefusalCode.OrderNotCancellable => (409, "The order cannot be cancelled"),
            RefusalCode.OrderNotRefundable => (409, "The order cannot be refunded"),
            RefusalCode.PaymentAmountMismatch => (422, "Wrong amount or currency"),
            RefusalCode.PaymentConflict => (422, "The payment already exists with a different amount"),
            RefusalCode.VoucherNotFound => (404, "Voucher not found"),
            RefusalCode.VoucherRedeemed => (409, "The voucher was already redeemed"),
            RefusalCode.VoucherLapsed => (409, "The voucher is no longer valid"),
            RefusalCode.VoucherRefunded => (409, "The voucher was refunded"),
            RefusalCode.VoucherNotRevocable => (409, "The redemption cannot be revoked"),
            RefusalCode.StockInsufficient => (422, "Not enough stock"),
            RefusalCode.InventoryUnavailable => (503, "The inventory service does not answer"),
            RefusalCode.PaymentsUnavailable => (503, "The payment provider does not answer"),
            RefusalCode.IdempotencyMismatch => (422, "The idempotency key was already used with a different body"),
            RefusalCode.StoreUnavailable => (503, "The change cannot be stored at the moment"),
            RefusalCode.RateLimited => (429, "Too many requests"),
            RefusalCode.TaskNotFound => (404, "Task not found"),
            RefusalCode.TaskWrongStatus => (409, "The task's status does not allow this"),
            RefusalCode.TaskNeeded => (409, "A group depends on this task"),
            _ => throw new ArgumentOutOfRangeException(nameof(code), code, null),
        };
}
