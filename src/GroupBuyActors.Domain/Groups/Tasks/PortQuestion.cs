using GroupBuyActors.Ports;

namespace GroupBuyActors.Groups;

/// <summary>
/// A question of a group to a port, asked by a task or for a call. Each that changes something has the key that makes
/// repeating it safe.
/// </summary>
internal abstract record PortQuestion
{
    private PortQuestion() { }

    /// <summary>Asks which payments were made for an order.</summary>
    public sealed record FindPayments(OrderId Order) : PortQuestion;

    /// <summary>Refunds a payment.</summary>
    public sealed record RefundPayment(string Key, OrderId Order, string PaymentId, Money Amount) : PortQuestion;

    /// <summary>Reserves stock for a publication attempt; asked for a call, not by a task.</summary>
    public sealed record ReserveStock(int Attempt, StockReservation Reservation) : PortQuestion;

    /// <summary>Deducts stock.</summary>
    public sealed record DeductStock(StockDeduction Deduction) : PortQuestion;

    /// <summary>Releases stock.</summary>
    public sealed record ReleaseStock(StockRelease Release) : PortQuestion;

    /// <summary>Sends a notice to a buyer.</summary>
    public sealed record SendNotice(string Key, OrderId Order, string UserId, string Kind) : PortQuestion;
}

/// <summary>A port's answer to a task's question.</summary>
/// <param name="Question">What was asked; null if nothing was, or if the answer was sent from another silo.</param>
/// <param name="Answer">How the port answered.</param>
/// <param name="Detail">The port's explanation, or
/// null.</param>
internal sealed record PortAnswered(PortQuestion? Question, PortAnswer Answer, string? Detail = null)
{
    /// <summary>Nothing was asked.</summary>
    public static PortAnswered Nothing { get; } = new(null, PortAnswer.Done);

    /// <summary>The payments that the provider holds, if it was asked.</summary>
    public IReadOnlyList<ProviderPayment> Payments { get; init; } = [];

    /// <summary>The ids of payments that the provider has already refunded, if it was asked.</summary>
    public IReadOnlyList<string> Refunded { get; init; } = [];

    /// <summary>The answer as the reply of a port.</summary>
    public PortReply Reply => new(Answer, Detail);

    /// <summary>The answer as the findings of the payment provider.</summary>
    public PaymentFindings Findings => new(Answer, Payments, Detail) { Refunded = Refunded };

    /// <summary>The answer from the reply of a port.</summary>
    public static PortAnswered Of(PortQuestion question, PortReply reply) => new(question, reply.Answer, reply.Detail);

    /// <summary>The answer from the findings of the payment provider.</summary>
    public static PortAnswered Of(PortQuestion question, PaymentFindings findings) =>
        new(question, findings.Answer, findings.Detail) { Payments = findings.Payments, Refunded = findings.Refunded };
}
