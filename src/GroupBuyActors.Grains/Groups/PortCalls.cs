using GroupBuyActors.Hosting;
using GroupBuyActors.Ports;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Groups;

/// <summary>
/// Asks the ports what groups want to know. Each call is bounded; one that throws or hangs counts as unavailable,
/// whatever its adapter does.
/// </summary>
internal sealed class PortCalls(
    IInventory inventory,
    IPayments payments,
    INotices notices,
    TimeProvider time,
    IOptions<GrainsOptions> options
)
{
    /// <summary>The answer to a question, at the latest after <paramref name="boundMax"/>.</summary>
    public async Task<PortAnswered> AskAsync(PortQuestion question, TimeSpan? boundMax = null)
    {
        var bound = boundMax is { } most && most < options.Value.PortTimeout ? most : options.Value.PortTimeout;
        using var cancellation = new CancellationTokenSource(bound, time);
        try
        {
            return await CallAsync(question, cancellation.Token).WaitAsync(cancellation.Token);
        }
        catch (Exception e)
        {
            return new PortAnswered(question, PortAnswer.Unavailable, Words(e, bound));
        }
    }

    private async Task<PortAnswered> CallAsync(PortQuestion question, CancellationToken cancellation) =>
        question is PortQuestion.FindPayments find
            ? PortAnswered.Of(question, await payments.QueryAsync(find.Order, cancellation))
            : PortAnswered.Of(question, await ReplyAsync(question, cancellation));

    private Task<PortReply> ReplyAsync(PortQuestion question, CancellationToken cancellation) =>
        question switch
        {
            PortQuestion.RefundPayment refund => payments.RefundAsync(
                refund.Key,
                refund.Order,
                refund.PaymentId,
                refund.Amount,
                cancellation
            ),
            PortQuestion.ReserveStock reserve => inventory.ReserveAsync(reserve.Reservation, cancellation),
            PortQuestion.DeductStock deduct => inventory.DeductAsync(deduct.Deduction, cancellation),
            PortQuestion.ReleaseStock release => inventory.ReleaseAsync(release.Release, cancellation),
            PortQuestion.SendNotice notice => notices.SendAsync(
                notice.Key,
                notice.Order,
                notice.UserId,
                notice.Kind,
                cancellation
            ),
            _ => throw new NotSupportedException($"No port answers {question.GetType().Name}."),
        };

    private static string Words(Exception e, TimeSpan bound) =>
        e is OperationCanceledException
            ? $"The service did not answer within {bound.TotalSeconds:0.###} s."
            : e.Message;
}
