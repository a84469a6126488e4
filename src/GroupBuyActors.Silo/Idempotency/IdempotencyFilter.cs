using GroupBuyActors.Groups;
using GroupBuyActors.Silo.Http;

namespace GroupBuyActors.Silo.Idempotency;

/// <summary>Runs POSTs that are not group commands once per key: see <see cref="IIdempotencyGrain"/>.</summary>
internal sealed class IdempotencyFilter(IGrainFactory grains)
{
    /// <summary>
    /// The number of calls with the same key that may fail, one after the other, before a waiting call is refused.
    /// </summary>
    private const int TriesMax = 20;

    /// <summary>Returns the remembered answer, or runs the call and remembers its answer if it succeeds.</summary>
    public async Task<IResult> RunAsync(HttpContext context, RequestKey key, Func<Task<IResult>> run)
    {
        if (!IdempotencyHeader.IsGiven(context))
            return await run();
        var memory = grains.GetGrain<IIdempotencyGrain>(key.Id);
        var decided = await TranslateFailuresAsync(() => BeginAsync(memory, key.Fingerprint, context.RequestAborted));
        return decided.Kind switch
        {
            IdempotencyDecision.Replay when decided.Answer is { } answer => new JsonAnswer(
                answer.Status,
                answer.Body,
                answer.Location,
                replayed: true
            ),
            IdempotencyDecision.Mismatch => Problem.Of(
                RefusalCode.IdempotencyMismatch,
                "This idempotency key was already used with a different body."
            ),
            IdempotencyDecision.Busy => Problem.Of(
                RefusalCode.StoreUnavailable,
                "The first request with this idempotency key is still running. Try again later."
            ),
            _ => await ProceedAsync(memory, decided.Ticket, run),
        };
    }

    /// <summary>
    /// Asks the grain what to do, a bounded number of times. If the caller disconnects meanwhile, a permission to
    /// proceed that still arrives is abandoned.
    /// </summary>
    private static async Task<IdempotencyResult> BeginAsync(
        IIdempotencyGrain memory,
        string fingerprint,
        CancellationToken aborted
    )
    {
        for (var tries = 0; tries < TriesMax; tries++)
        {
            var pending = memory.Begin(fingerprint);
            try
            {
                var decided = await pending.WaitAsync(aborted);
                if (decided.Kind != IdempotencyDecision.Retry)
                    return decided;
            }
            catch (OperationCanceledException) when (aborted.IsCancellationRequested)
            {
                ReleaseAsync(memory, pending).Ignore();
                throw;
            }
        }

        return new IdempotencyResult(IdempotencyDecision.Busy);
    }

    private static async Task ReleaseAsync(IIdempotencyGrain memory, Task<IdempotencyResult> pending)
    {
        var decided = await pending;
        if (decided.Kind == IdempotencyDecision.Proceed)
            await AbandonAsync(memory, decided.Ticket);
    }

    private static async Task<IResult> ProceedAsync(IIdempotencyGrain memory, long ticket, Func<Task<IResult>> run)
    {
        var remembered = false;
        try
        {
            var result = await run();
            if (result is not JsonAnswer { Status: >= 200 and < 300 } answer)
                return result;
            await TranslateFailuresAsync(async () =>
            {
                await memory.Complete(
                    ticket,
                    new RememberedAnswer(answer.Status, answer.Body.ToArray(), answer.Location)
                );
                return true;
            });
            remembered = true;
            return result;
        }
        finally
        {
            if (!remembered)
                await AbandonAsync(memory, ticket);
        }
    }

    private static async Task AbandonAsync(IIdempotencyGrain memory, long ticket)
    {
        try
        {
            await memory.Abandon(ticket);
        }
        catch (Exception e)
            when (e is TimeoutException or OrleansException or Orleans.Serialization.SerializerException)
        {
            // A call that is not abandoned only delays repeats with its key for a limited time, so the answer is more
            // important.
        }
    }

    // Answers are in grain storage. While the database is unreachable, that throws an Orleans exception or, on another
    // silo, a driver's exception that cannot be serialized; to the caller both mean the same.
    private static async Task<T> TranslateFailuresAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (e is OrleansException or Orleans.Serialization.SerializerException)
        {
            throw new StoreUnavailableException(
                "The store of remembered answers could not be reached. Send the same request again.",
                e
            );
        }
    }
}
