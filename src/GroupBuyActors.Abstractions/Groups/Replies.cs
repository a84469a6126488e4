using System.Diagnostics.CodeAnalysis;

namespace GroupBuyActors.Groups;

/// <summary>Why a command is refused: a closed set. Clients get the text form (<see cref="RefusalCodes"/>).</summary>
public enum RefusalCode
{
    /// <summary>The input is invalid; <see cref="Refusal.Errors"/> has each faulty field.</summary>
    RequestInvalid,

    /// <summary>The group does not exist.</summary>
    GroupNotFound,

    /// <summary>The group exists with different content.</summary>
    GroupExists,

    /// <summary>Joining has not opened.</summary>
    GroupNotOpen,

    /// <summary>Joining has ended.</summary>
    GroupClosed,

    /// <summary>Not enough free seats.</summary>
    GroupFull,

    /// <summary>A group in SUCCESS or later cannot be withdrawn.</summary>
    GroupNotWithdrawable,

    /// <summary>Only joining of a group in SUCCESS can be ended early.</summary>
    GroupNotSuccessful,

    /// <summary>The order does not exist.</summary>
    OrderNotFound,

    /// <summary>The buyer would hold more seats than allowed.</summary>
    OrderLimitReached,

    /// <summary>The order is paid, or its status is a later one.</summary>
    OrderNotCancellable,

    /// <summary>The order has no payment that can be refunded.</summary>
    OrderNotRefundable,

    /// <summary>Amount or currency is wrong and the provider does not confirm it.</summary>
    PaymentAmountMismatch,

    /// <summary>This payment id was accepted with another amount.</summary>
    PaymentConflict,

    /// <summary>The voucher code is unknown or malformed.</summary>
    VoucherNotFound,

    /// <summary>The voucher was already redeemed.</summary>
    VoucherRedeemed,

    /// <summary>The voucher's validity has ended.</summary>
    VoucherLapsed,

    /// <summary>The voucher's payment was refunded, or is being refunded.</summary>
    VoucherRefunded,

    /// <summary>The voucher is not redeemed, or was redeemed too long ago.</summary>
    VoucherNotRevocable,

    /// <summary>Inventory refuses the reservation.</summary>
    StockInsufficient,

    /// <summary>Inventory does not answer.</summary>
    InventoryUnavailable,

    /// <summary>The payment provider does not answer, and the payment cannot be accepted without it.</summary>
    PaymentsUnavailable,

    /// <summary>The idempotency key was used with a different body.</summary>
    IdempotencyMismatch,

    /// <summary>The store cannot accept the change now.</summary>
    StoreUnavailable,

    /// <summary>Too many calls are waiting.</summary>
    RateLimited,

    /// <summary>The timed task does not exist.</summary>
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

/// <summary>The refusal of a command. A refused command changes nothing in the group.</summary> <param name="Code">The
/// stable code.</param> <param name="Detail">A sentence for people.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.Refusal")]
public sealed record Refusal([property: Id(0)] RefusalCode Code, [property: Id(1)] string Detail)
{
    /// <summary>The faults of each faulty field, or null.</summary>
    [Id(2)]
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }
}

/// <summary>The outcome of a command that was not refused.</summary>
public enum ReplyOutcome
{
    /// <summary>Done (200).</summary>
    Done,

    /// <summary>Created (201).</summary>
    Created,

    /// <summary>Accepted, to be completed later (202).</summary>
    Accepted,
}

/// <summary>The answer to a command or query: a value, or a refusal.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.Reply`1")]
public sealed record Reply<T>
    where T : class
{
    /// <summary>The value, or null if refused.</summary>
    [Id(0)]
    public T? Value { get; init; }

    /// <summary>The refusal, or null if not refused.</summary>
    [Id(1)]
    public Refusal? Refusal { get; init; }

    /// <summary>The outcome, if not refused.</summary>
    [Id(2)]
    public ReplyOutcome Outcome { get; init; }

    /// <summary>True if the request key was known and this is its first answer, repeated.</summary>
    [Id(3)]
    public bool Replayed { get; init; }

    /// <summary>True if there is a value.</summary>
    [MemberNotNullWhen(true, nameof(Value))]
    [MemberNotNullWhen(false, nameof(Refusal))]
    public bool Succeeded => Refusal is null;
}
