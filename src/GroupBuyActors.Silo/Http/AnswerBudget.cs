using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;

namespace GroupBuyActors.Silo.Http;

/// <summary>Marks a read whose answer may take longer than others', because it calls ports.</summary>
internal sealed record LongRunningAnswer;

/// <summary>Marks a route with an endless answer: it has no time budget.</summary>
internal sealed record StreamingAnswer;

/// <summary>
/// The time budget of all requests. A read that is not answered within it ends with an error, whatever it waits for: a
/// connection, a row, another silo. A request that changes something, or calls a port, may take longer while the store
/// answers this silo. Once the silo knows that the store does not answer it, every request ends with an error within a
/// second. Only the wait ends, not the command: the same request sent again finds its outcome.
/// </summary>
internal sealed class AnswerBudget(ISiloGate gate, TimeProvider time, ILogger<AnswerBudget> log) : IEndpointFilter
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(1);

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (IsMarked<StreamingAnswer>(http))
            return await next(context);
        var isRead = HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method);
        var isStrict = isRead && !IsMarked<LongRunningAnswer>(http);
        var caller = http.RequestAborted;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(caller);
        var began = time.GetTimestamp();
        using var timer = time.CreateTimer(_ => Check(over, isStrict, began), null, CheckInterval, CheckInterval);
        http.RequestAborted = over.Token;
        Task<object?>? answering = null;
        try
        {
            answering = next(context).AsTask();
            // A handler that changes something returns when it is cancelled; a read that hangs is abandoned.
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

    private void Check(CancellationTokenSource over, bool isStrict, long began)
    {
        var isSpent = isStrict && time.GetElapsedTime(began) >= EdgeOptions.ReadBudget;
        if (!isSpent && gate.RefusalReason is null)
            return;
        try
        {
            over.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The request was answered at this moment.
        }
    }

    private static bool IsMarked<T>(HttpContext http)
        where T : class => http.GetEndpoint()?.Metadata.GetMetadata<T>() is not null;
}
