using GroupBuyActors.Ports;

namespace GroupBuyActors.Groups;

/// <summary>
/// What a group asks of a port, by a task or for a call: each with the key that makes repeating it safe.
/// </summary>
internal abstract record PortQuestion
{
    private PortQuestion() { }

    /// <summary>What was paid for an order?</summary>
    public sealed record FindPayments(OrderId Order) : PortQuestion;

    /// <summary>Refund a payment.</summary>
    public sealed record RefundPayment(string Key, OrderId Order, string PaymentId, Money Amount) : PortQuestion;

    /// <summary>Reserve stock for an attempt to publish: asked by a call, not by a task.</summary>
    public sealed record ReserveStock(int Attempt, StockReservation Reservation) : PortQuestion;

    /// <summary>Deduct stock.</summary>
    public sealed record DeductStock(StockDeduction Deduction) : PortQuestion;

    /// <summary>Release stock.</summary>
    public sealed record ReleaseStock(StockRelease Release) : PortQuestion;

    /// <summary>Hand a notice to a buyer.</summary>
    public sealed record SendNotice(string Key, OrderId Order, string UserId, string Kind) : PortQuestion;
}

/// <summary>What a port answered to a task's question.</summary>
/// <param name="Question">What was asked; null where nothing was, or where the answer has come over from another
/// silo.</param>
/// <param name="Answer">Its answer.</param>
/// <param name="Detail">Its words, or null.</param>
internal sealed record PortAnswered(PortQuestion? Question, PortAnswer Answer, string? Detail = null)
{
    /// <summary>Nothing was asked.</summary>
    public static PortAnswered Nothing { get; } = new(null, PortAnswer.Done);

    /// <summary>Money that the provider holds, where it was asked for.</summary>
    public IReadOnlyList<ProviderPayment> Payments { get; init; } = [];

    /// <summary>Payments that the provider has already refunded, where it was asked.</summary>
    public IReadOnlyList<string> Refunded { get; init; } = [];

    /// <summary>As the reply of a port.</summary>
    public PortReply Reply => new(Answer, Detail);

    /// <summary>As the findings of the payment provider.</summary>
    public PaymentFindings Findings => new(Answer, Payments, Detail) { Refunded = Refunded };

    /// <summary>The reply of a port.</summary>
    public static PortAnswered Of(PortQuestion question, PortReply reply) => new(question, reply.Answer, reply.Detail);

    /// <summary>The findings of the payment provider.</summary>
    public static PortAnswered Of(PortQuestion question, PaymentFindings findings) =>
        new(question, findings.Answer, findings.Detail) { Payments = findings.Payments, Refunded = findings.Refunded };
}
