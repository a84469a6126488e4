using System.Diagnostics;
using System.Net;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Client;

/// <summary>
/// Calls actors for the Orleans client: repeats what has no answer, traces each logical call as one activity of the
/// source <c>GroupBuyActors.Client</c>, and throws refusals.
/// </summary>
internal sealed class ActorCalls(GroupBuyOrleansClientOptions options, TimeProvider time)
{
    private const int OverloadDelayFactor = 4;
    private static readonly ActivitySource Source = new(GroupBuyOrleansClient.ActivitySourceName);
    private readonly CallRepeater _repeater = new(options.Pace, time, Share);

    /// <summary>Returns the value of the answer; throws <see cref="ProblemException"/> for a refusal.</summary>
    public async Task<T> CallAsync<T>(
        string operation,
        string target,
        Func<Task<Reply<T>>> call,
        CancellationToken cancellation,
        bool asksPort = false
    )
        where T : class
    {
        var reply = await AnswerAsync(operation, target, call, cancellation, asksPort);
        return reply.Succeeded ? reply.Value : throw ProblemOf(reply.Refusal, null);
    }

    /// <summary>Returns the answer, which is not refused.</summary>
    public async Task<Reply<T>> AnswerAsync<T>(
        string operation,
        string target,
        Func<Task<Reply<T>>> call,
        CancellationToken cancellation,
        bool asksPort = false
    )
        where T : class
    {
        var reply = await RunAsync(
            operation,
            target,
            async () =>
            {
                var answered = await call();
                return answered.Refusal is { Code: RefusalCode.StoreUnavailable or RefusalCode.RateLimited } refusal
                    ? throw new OverloadedException(refusal)
                    : answered;
            },
            asksPort ? options.PortTryTimeout : null,
            cancellation
        );
        return reply.Succeeded ? reply : throw ProblemOf(reply.Refusal, null);
    }

    /// <summary>Makes a call that no actor refuses.</summary>
    public async Task<T> RunAsync<T>(
        string operation,
        string target,
        Func<Task<T>> call,
        TimeSpan? tryTimeout,
        CancellationToken cancellation
    )
    {
        using var activity = Source.StartActivity($"groupbuy {operation}", ActivityKind.Client);
        activity?.SetTag("groupbuy.target", target);
        var tries = 0;
        try
        {
            return await _repeater.RunAsync(
                () =>
                {
                    tries++;
                    return call();
                },
                BoundOf,
                tryTimeout,
                cancellation
            );
        }
        catch (UnansweredException e)
        {
            activity?.SetStatus(ActivityStatusCode.Error, e.InnerException?.GetType().Name);
            throw Unanswered(e.InnerException!);
        }
        catch (Exception e)
        {
            activity?.SetStatus(ActivityStatusCode.Error, e.GetType().Name);
            throw;
        }
        finally
        {
            activity?.SetTag("groupbuy.tries", tries);
        }
    }

    private RetryBound? BoundOf(Exception failure) =>
        failure switch
        {
            OverloadedException or StoreUnavailableException or LimitExceededException or GatewayTooBusyException =>
                new RetryBound(options.Budget, options.RetryDelayMax * OverloadDelayFactor),
            // The runtime's own exceptions are about silos and directories, never about a command, and it cancels calls
            // that wait for a silo that has just died.
            TimeoutException or OrleansException or OperationCanceledException => new RetryBound(
                options.Budget,
                options.RetryDelayMax
            ),
            _ => null,
        };

    private static ProblemException Unanswered(Exception last) =>
        last switch
        {
            OverloadedException overloaded => ProblemOf(overloaded.Refusal, last),
            LimitExceededException or GatewayTooBusyException => ProblemOf(
                new Refusal(RefusalCode.RateLimited, "Too many calls are waiting. Try again later."),
                last
            ),
            _ => ProblemOf(
                new Refusal(
                    RefusalCode.StoreUnavailable,
                    "No silo answered in time, so the outcome is not known. It is safe to repeat the call "
                        + "with the same idempotency key."
                ),
                last
            ),
        };

    private static ProblemException ProblemOf(Refusal refusal, Exception? inner)
    {
        var (status, title) = RefusalStatus.Of(refusal.Code);
        return new ProblemException(
            (HttpStatusCode)status,
            new ProblemDocument
            {
                Title = title,
                Status = status,
                Detail = refusal.Detail,
                Code = refusal.Code.Text(),
                Errors = refusal.Errors,
                TraceId = Activity.Current?.TraceId.ToHexString(),
            },
            inner
        );
    }

    private static double Share() =>
        System.Security.Cryptography.RandomNumberGenerator.GetInt32(int.MaxValue) / (double)int.MaxValue;

    /// <summary>The actor or its store cannot take the call now.</summary>
    private sealed class OverloadedException(Refusal refusal) : Exception(refusal.Detail)
    {
        public Refusal Refusal { get; } = refusal;
    }
}
