using GroupBuyActors.Ports;

namespace GroupBuyActors.Groups;

/// <summary>
/// Calls of ports, bounded in time: a port that throws or hangs counts as unavailable, whatever its adapter does.
/// </summary>
internal static class PortCalls
{
    public static async Task<PortReply> QueryAsync(
        Func<CancellationToken, Task<PortReply>> call,
        TimeSpan bound,
        TimeProvider time
    )
    {
        using var cancellation = new CancellationTokenSource(bound, time);
        try
        {
            return await call(cancellation.Token).WaitAsync(cancellation.Token);
        }
        catch (Exception e)
        {
            return new PortReply(PortAnswer.Unavailable, Words(e, bound));
        }
    }

    public static async Task<PaymentFindings> QueryAsync(
        Func<CancellationToken, Task<PaymentFindings>> call,
        TimeSpan bound,
        TimeProvider time
    )
    {
        using var cancellation = new CancellationTokenSource(bound, time);
        try
        {
            return await call(cancellation.Token).WaitAsync(cancellation.Token);
        }
        catch (Exception e)
        {
            return new PaymentFindings(PortAnswer.Unavailable, [], Words(e, bound));
        }
    }

    private static string Words(Exception e, TimeSpan bound) =>
        e is OperationCanceledException
            ? $"The service did not answer within {bound.TotalSeconds:0.###} s."
            : e.Message;
}
