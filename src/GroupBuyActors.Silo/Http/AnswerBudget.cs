using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;

namespace GroupBuyActors.Silo.Http;

/// <summary>Marks a read whose answer may take longer than others': it asks ports meanwhile.</summary>
internal sealed record AnswersForLong;

/// <summary>Marks a route whose answer does not end: it has no budget, and writes the answer itself.</summary>
internal sealed record AnswersWithoutEnd;

/// <summary>
/// The one budget of everything that waits for the store. A read without an answer when it is over is given up,
/// whatever it waits for: a connection, a row, another silo. What changes something, or asks a port, may take longer
/// while the store answers this silo; once it does not, it is given up, too. Given up is the wait, never the command:
/// the same call again finds what became of it.
/// </summary>
internal sealed class AnswerBudget(ISiloGate gate, TimeProvider time, ILogger<AnswerBudget> log) : IEndpointFilter
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(1);

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (IsMarked<AnswersWithoutEnd>(http))
            return await next(context);
        var isRead = HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method);
        var isStrict = isRead && !IsMarked<AnswersForLong>(http);
        var caller = http.RequestAborted;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(caller);
        using var timer = time.CreateTimer(_ => Check(over, isStrict), null, EdgeOptions.ReadBudget, CheckInterval);
        http.RequestAborted = over.Token;
        Task<object?>? answering = null;
        try
        {
            answering = next(context).AsTask();
            // A handler that changes something ends by itself when it is cancelled; a read may be left behind where it
            // is stuck.
            return isRead ? await answering.WaitAsync(over.Token) : await answering;
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !caller.IsCancellationRequested)
        {
            answering?.Ignore();
            EdgeLog.OverBudget(log, http.Request.Method, RequestPath.TemplateOf(http.GetEndpoint()));
            return Problem.Of(
                RefusalCode.StoreUnavailable,
                "The database did not answer in time. Send the same request again."
            );
        }
        finally
        {
            http.RequestAborted = caller;
        }
    }

    private void Check(CancellationTokenSource over, bool isStrict)
    {
        if (!isStrict && gate.RefusalReason is null)
            return;
        try
        {
            over.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It was answered at this moment.
        }
    }

    private static bool IsMarked<T>(HttpContext http)
        where T : class => http.GetEndpoint()?.Metadata.GetMetadata<T>() is not null;
}
