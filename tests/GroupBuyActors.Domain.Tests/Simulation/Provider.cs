using GroupBuyActors.Ports;

namespace GroupBuyActors.Simulation;

/// <summary>A payment provider: holds what buyers paid, tells it when asked, gives it back once per key.</summary>
internal sealed class Provider
{
    private readonly Dictionary<OrderId, List<ProviderPayment>> _payments = [];
    private readonly HashSet<string> _refunds = [];

    public IEnumerable<(OrderId Order, ProviderPayment Payment)> All =>
        _payments.SelectMany(pair => pair.Value.Select(payment => (pair.Key, payment)));

    public void Pay(OrderId order, string paymentId, Money amount)
    {
        if (!_payments.TryGetValue(order, out var payments))
            _payments[order] = payments = [];
        if (!payments.Exists(payment => payment.PaymentId == paymentId))
            payments.Add(new ProviderPayment(paymentId, amount));
    }

    public PaymentFindings Ask(OrderId order, Fault fault) =>
        fault is Fault.CallLost or Fault.AnswerLost
            ? new PaymentFindings(PortAnswer.Unavailable, [])
            : new PaymentFindings(PortAnswer.Done, [.. _payments.GetValueOrDefault(order, [])]);

    public PortReply Refund(OrderId order, string paymentId, Money amount, Fault fault)
    {
        if (fault == Fault.CallLost)
            return new PortReply(PortAnswer.Unavailable);
        var payment = Assert.Single(_payments.GetValueOrDefault(order, []), payment => payment.PaymentId == paymentId);
        Assert.Equal(payment.Amount, amount);
        _refunds.Add(PortKeys.Refund(order, paymentId));
        return fault == Fault.AnswerLost ? new PortReply(PortAnswer.Unavailable) : PortReply.Done;
    }

    public bool IsRefunded(OrderId order, string paymentId) => _refunds.Contains(PortKeys.Refund(order, paymentId));
}
