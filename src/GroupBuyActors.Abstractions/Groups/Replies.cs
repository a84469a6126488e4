using System.Diagnostics.CodeAnalysis;

namespace GroupBuyActors.Groups;

/// <summary>
/// Why a command is refused: a closed set. The text form (<see cref="RefusalCodes"/>) is the contract with clients.
/// </summary>
public enum RefusalCode
{
    /// <summary>The input is malformed; <see cref="Refusal.Errors"/> names each field.</summary>
    RequestInvalid,

    /// <summary>No such group.</summary>
    GroupNotFound,

    /// <summary>The group is there with other content.</summary>
    GroupExists,

    /// <summary>Joining has not opened.</summary>
    GroupNotOpen,

    /// <summary>Joining is over.</summary>
    GroupClosed,

    /// <summary>Not enough free seats.</summary>
    GroupFull,

    /// <summary>Past SUCCESS, or in it: it cannot be withdrawn.</summary>
    GroupNotWithdrawable,

    /// <summary>Only joining of a group in SUCCESS can be ended early.</summary>
    GroupNotSuccessful,

    /// <summary>No such order.</summary>
    OrderNotFound,

    /// <summary>The buyer would hold more seats than allowed.</summary>
    OrderLimitReached,

    /// <summary>The order is paid or beyond.</summary>
    OrderNotCancellable,

    /// <summary>The order has no payment that can be refunded.</summary>
    OrderNotRefundable,

    /// <summary>Amount or currency is wrong and the provider does not confirm it.</summary>
    PaymentAmountMismatch,

    /// <summary>This payment id was accepted with another amount.</summary>
    PaymentConflict,

    /// <summary>Unknown or unreadable voucher.</summary>
    VoucherNotFound,

    /// <summary>Redeemed already.</summary>
    VoucherRedeemed,

    /// <summary>Its validity has ended.</summary>
    VoucherLapsed,

    /// <summary>Its money is back or on the way.</summary>
    VoucherRefunded,

    /// <summary>Not redeemed, or redeemed too long ago.</summary>
    VoucherNotRevocable,

    /// <summary>Inventory refuses the allocation.</summary>
    StockInsufficient,

    /// <summary>Inventory does not answer.</summary>
    InventoryUnavailable,

    /// <summary>The payment provider does not answer and the payment cannot be believed without it.</summary>
    PaymentsUnavailable,

    /// <summary>The idempotency key was used with another body.</summary>
    IdempotencyMismatch,

    /// <summary>The store cannot take the change now.</summary>
    StoreUnavailable,

    /// <summary>Too many calls wait.</summary>
    RateLimited,

    /// <summary>No such timed task.</summary>
    TaskNotFound,

    /// <summary>The task's status does not allow this.</summary>
    TaskWrongStatus,

    /// <summary>The group's state depends on this task.</summary>
    TaskNeeded,
}

/// <summary>The text form of each <see cref="RefusalCode"/>.</summary>
public static class RefusalCodes
{
    /// <summary>The stable code that clients see, such as <c>group.full</c>.</summary>
    public static string Text(this RefusalCode code) =>
        code switch
        {
            RefusalCode.RequestInvalid => "request.invalid",
            RefusalCode.GroupNotFound => "group.not_found",
            RefusalCode.GroupExists => "group.exists",
            RefusalCode.GroupNotOpen => "group.not_open",
            RefusalCode.GroupClosed => "group.closed",
            RefusalCode.GroupFull => "group.full",
            RefusalCode.GroupNotWithdrawable => "group.not_withdrawable",
            RefusalCode.GroupNotSuccessful => "group.not_successful",
            RefusalCode.OrderNotFound => "order.not_found",
            RefusalCode.OrderLimitReached => "order.limit_reached",
            RefusalCode.OrderNotCancellable => "order.not_cancellable",
            RefusalCode.OrderNotRefundable => "order.not_refundable",
            RefusalCode.PaymentAmountMismatch => "payment.amount_mismatch",
            RefusalCode.PaymentConflict => "payment.conflict",
            RefusalCode.VoucherNotFound => "voucher.not_found",
            RefusalCode.VoucherRedeemed => "voucher.redeemed",
            RefusalCode.VoucherLapsed => "voucher.lapsed",
            RefusalCode.VoucherRefunded => "voucher.refunded",
            RefusalCode.VoucherNotRevocable => "voucher.not_revocable",
            RefusalCode.StockInsufficient => "stock.insufficient",
            RefusalCode.InventoryUnavailable => "inventory.unavailable",
            RefusalCode.PaymentsUnavailable => "payments.unavailable",
            RefusalCode.IdempotencyMismatch => "idempotency.mismatch",
            RefusalCode.StoreUnavailable => "store.unavailable",
            RefusalCode.RateLimited => "rate.limited",
            RefusalCode.TaskNotFound => "task.not_found",
            RefusalCode.TaskWrongStatus => "task.wrong_status",
            RefusalCode.TaskNeeded => "task.needed",
            _ => throw new ArgumentOutOfRangeException(nameof(code), code, null),
        };
}

/// <summary>A command refused. Nothing refused leaves a trace in the group.</summary>
/// <param name="Code">From the closed set.</param>
/// <param name="Detail">One sentence for a person.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.Refusal")]
public sealed record Refusal([property: Id(0)] RefusalCode Code, [property: Id(1)] string Detail)
{
    /// <summary>Every faulty field with what is wrong, or null.</summary>
    [Id(2)]
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }
}

/// <summary>How a command that was not refused went.</summary>
public enum ReplyOutcome
{
    /// <summary>Done (200).</summary>
    Done,

    /// <summary>Made (201).</summary>
    Created,

    /// <summary>Taken, the rest follows (202).</summary>
    Accepted,
}

/// <summary>The answer to a command or question: a value, or a refusal.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.Reply`1")]
public sealed record Reply<T>
    where T : class
{
    /// <summary>The answer, or null where refused.</summary>
    [Id(0)]
    public T? Value { get; init; }

    /// <summary>The refusal, or null where answered.</summary>
    [Id(1)]
    public Refusal? Refusal { get; init; }

    /// <summary>How it went.</summary>
    [Id(2)]
    public ReplyOutcome Outcome { get; init; }

    /// <summary>True where the request key was known and this is its first answer.</summary>
    [Id(3)]
    public bool Replayed { get; init; }

    /// <summary>True where there is a value.</summary>
    [MemberNotNullWhen(true, nameof(Value))]
    [MemberNotNullWhen(false, nameof(Refusal))]
    public bool Succeeded => Refusal is null;
}
