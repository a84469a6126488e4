using GroupBuyActors.Hosting;
using GroupBuyActors.Ports;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Groups;

/// <summary>
/// Asks the ports the questions of groups, with a time limit for each call: a port that throws or does not answer is
/// unavailable, whatever its adapter does.
/// </summary>
internal sealed class PortCalls(
    IInventory inventory,
    IPayments payments,
    INotices notices,
    TimeProvider time,
    IOptions<GrainsOptions> options
)
{
    /// <summary>Asks a question; returns the answer at the latest after <paramref name="timeLimit"/>.</summary>
    public async Task<PortAnswered> AskAsync(PortQuestion question, TimeSpan? timeLimit = null)
    {
        var bound = timeLimit is { } limit && limit < options.Value.PortTimeout ? limit : options.Value.PortTimeout;
        using var cancellation = new CancellationTokenSource(bound, time);
        try
        {
            return await CallAsync(question, cancellation.Token).WaitAsync(cancellation.Token);
        }
        catch (Exception e)
        {
            return new PortAnswered(question, PortAnswer.Unavailable, TextOf(e, bound));
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

    private static string TextOf(Exception e, TimeSpan bound) =>
        e is OperationCanceledException
            ? $"The service did not answer within {bound.TotalSeconds:0.###} s."
            : e.Message;
}
