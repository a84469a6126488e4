using System.Collections.Concurrent;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Setting;

/// <summary>
/// The three ports as a test wants them: every call is counted by its key, answered by the first rule that matches it,
/// else Done. A repeat of a key that was answered Done gets that answer again and has no second effect.
/// </summary>
internal sealed class ScriptedPorts : IInventory, IPayments, INotices
{
    private readonly ConcurrentDictionary<string, int> _calls = new();
    private readonly ConcurrentDictionary<string, bool> _effects = new();
    private readonly ConcurrentDictionary<OrderId, List<ProviderPayment>> _held = new();
    private readonly ConcurrentDictionary<OrderId, HashSet<string>> _refunded = new();
    private readonly List<(string Prefix, Func<string, CancellationToken, Task<PortAnswer>> Answer)> _rules = [];
    private readonly Lock _gate = new();
    private TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Calls by key, such as <c>deduct:…:1</c> or <c>ask:{orderId}</c>.</summary>
    public IReadOnlyDictionary<string, int> Calls => _calls;

    /// <summary>Keys that had an effect.</summary>
    public ICollection<string> Effects => _effects.Keys;

    /// <summary>From now on calls whose key begins so are answered by the rule; the newest rule wins.</summary>
    public void Answer(string prefix, Func<string, CancellationToken, Task<PortAnswer>> answer)
    {
        lock (_gate)
            _rules.Insert(0, (prefix, answer));
    }

    /// <summary>From now on calls whose key begins so get this answer.</summary>
    public void Answer(string prefix, PortAnswer answer) => Answer(prefix, (_, _) => Task.FromResult(answer));

    /// <summary>The first calls whose key begins so get these answers, one each; further ones are Done.</summary>
    public void AnswerInTurn(string prefix, params PortAnswer[] answers)
    {
        var turn = 0;
        Answer(
            prefix,
            (_, _) =>
                Task.FromResult(
                    Interlocked.Increment(ref turn) is var n && n <= answers.Length ? answers[n - 1] : PortAnswer.Done
                )
        );
    }

    /// <summary>Calls whose key begins so wait until the returned source is given an answer.</summary>
    public TaskCompletionSource<PortAnswer> Hold(string prefix)
    {
        var source = new TaskCompletionSource<PortAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        Answer(prefix, (_, cancellation) => source.Task.WaitAsync(cancellation));
        return source;
    }

    /// <summary>The buyer paid at the provider, and nobody was told.</summary>
    public void PayAtProvider(OrderId order, string paymentId, Money amount) =>
        _held.GetOrAdd(order, _ => []).Add(new ProviderPayment(paymentId, amount));

    /// <summary>The provider gives a payment back, whatever it answers.</summary>
    public void Refund(OrderId order, string paymentId)
    {
        lock (_gate)
        {
            if (_held.TryGetValue(order, out var held))
                held.RemoveAll(payment => payment.PaymentId == paymentId);
            if (!_refunded.GetOrAdd(order, _ => []).Add(paymentId))
                Assert.Fail($"Payment {paymentId} of {order} went back twice.");
        }
    }

    /// <summary>Waits until a call came whose key begins so, for the n-th time.</summary>
    public async Task CalledAsync(string prefix, int times = 1)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (true)
        {
            Task called;
            lock (_gate)
                called = _called.Task;
            if (
                _calls.Where(call => call.Key.StartsWith(prefix, StringComparison.Ordinal)).Sum(call => call.Value)
                >= times
            )
                return;
            await called.WaitAsync(bound.Token);
        }
    }

    public Task<PortReply> ReserveAsync(StockReservation reservation, CancellationToken cancellation) =>
        CallAsync(reservation.Key, cancellation);

    public Task<PortReply> DeductAsync(StockDeduction deduction, CancellationToken cancellation) =>
        CallAsync(deduction.Key, cancellation);

    public Task<PortReply> ReleaseAsync(StockRelease release, CancellationToken cancellation) =>
        CallAsync(release.Key, cancellation);

    public async Task<PaymentFindings> QueryAsync(OrderId order, CancellationToken cancellation)
    {
        var reply = await CallAsync($"ask:{order}", cancellation);
        lock (_gate)
        {
            return new PaymentFindings(reply.Answer, _held.TryGetValue(order, out var held) ? [.. held] : [])
            {
                Refunded = _refunded.TryGetValue(order, out var back) ? [.. back] : [],
            };
        }
    }

    public async Task<PortReply> RefundAsync(
        string key,
        OrderId order,
        string paymentId,
        Money amount,
        CancellationToken cancellation
    )
    {
        var isFirst = !_effects.ContainsKey(key);
        var reply = await CallAsync(key, cancellation);
        if (reply.Answer == PortAnswer.Done && isFirst)
            Refund(order, paymentId);
        return reply;
    }

    public Task<PortReply> SendAsync(
        string key,
        OrderId order,
        string userId,
        string kind,
        CancellationToken cancellation
    ) => CallAsync(key, cancellation);

    private async Task<PortReply> CallAsync(string key, CancellationToken cancellation)
    {
        Func<string, CancellationToken, Task<PortAnswer>>? rule;
        lock (_gate)
        {
            _calls.AddOrUpdate(key, 1, (_, times) => times + 1);
            rule = _rules.Find(rule => key.StartsWith(rule.Prefix, StringComparison.Ordinal)).Answer;
            var called = _called;
            _called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            called.SetResult();
        }

        var answer = rule is null ? PortAnswer.Done : await rule(key, cancellation);
        if (answer == PortAnswer.Done)
            _effects[key] = true;
        return new PortReply(answer, answer == PortAnswer.Done ? null : "As scripted.");
    }
}
