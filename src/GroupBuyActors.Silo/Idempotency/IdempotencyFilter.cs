using GroupBuyActors.Groups;
using GroupBuyActors.Silo.Http;

namespace GroupBuyActors.Silo.Idempotency;

/// <summary>Runs the POSTs that are no group's commands once a key: see <see cref="IIdempotencyGrain"/>.</summary>
internal sealed class IdempotencyFilter(IGrainFactory grains)
{
    /// <summary>
    /// So many calls with one key may fail, one after the other, before who waited for them is told to come again.
    /// </summary>
    private const int AsksMax = 20;

    /// <summary>Answers from memory, or runs the call and remembers its answer where that is a success.</summary>
    public async Task<IResult> RunAsync(HttpContext context, RequestKey key, Func<Task<IResult>> run)
    {
        if (!IdempotencyHeader.IsGiven(context))
            return await run();
        var memory = grains.GetGrain<IIdempotencyGrain>(key.Id);
        var beginning = await RememberingAsync(() => BeginAsync(memory, key.Fingerprint, context.RequestAborted));
        return beginning.Kind switch
        {
            BeginningKind.Replay when beginning.Answer is { } answer => new JsonAnswer(
                answer.Status,
                answer.Body,
                answer.Location,
                replayed: true
            ),
            BeginningKind.Mismatch => Problem.Of(
                RefusalCode.IdempotencyMismatch,
                "This idempotency key was already used with a different body."
            ),
            BeginningKind.Busy => Problem.Of(
                RefusalCode.StoreUnavailable,
                "The first request with this idempotency key is still running. Try again later."
            ),
            _ => await GoAsync(memory, beginning.Ticket, run),
        };
    }

    /// <summary>
    /// Asks until it is told what to do, a bounded number of times. A caller that is gone meanwhile gives back the turn
    /// that it may still get.
    /// </summary>
    private static async Task<Beginning> BeginAsync(
        IIdempotencyGrain memory,
        string fingerprint,
        CancellationToken aborted
    )
    {
        for (var asks = 0; asks < AsksMax; asks++)
        {
            var asked = memory.Begin(fingerprint);
            try
            {
                var beginning = await asked.WaitAsync(aborted);
                if (beginning.Kind != BeginningKind.AskAgain)
                    return beginning;
            }
            catch (OperationCanceledException) when (aborted.IsCancellationRequested)
            {
                ReleaseAsync(memory, asked).Ignore();
                throw;
            }
        }

        return new Beginning(BeginningKind.Busy);
    }

    private static async Task ReleaseAsync(IIdempotencyGrain memory, Task<Beginning> asked)
    {
        var beginning = await asked;
        if (beginning.Kind == BeginningKind.Go)
            await AbandonAsync(memory, beginning.Ticket);
    }

    private static async Task<IResult> GoAsync(IIdempotencyGrain memory, long ticket, Func<Task<IResult>> run)
    {
        var remembered = false;
        try
        {
            var result = await run();
            if (result is not JsonAnswer { Status: >= 200 and < 300 } answer)
                return result;
            await RememberingAsync(async () =>
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
            // A call that is never abandoned holds its twins up for a while and no longer; the answer matters more.
        }
    }

    // The memory lies in grain storage. While the database is away that throws as Orleans does, or, from another silo,
    // as a driver's exception that no codec carries; to the caller both are one thing.
    private static async Task<T> RememberingAsync<T>(Func<Task<T>> call)
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
