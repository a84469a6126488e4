using GroupBuyActors.Client;
using GroupBuyActors.Events;
using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Silo.Http;

/// <summary>Draws a number in [0, 1) that spreads retries.</summary>
internal delegate double NextShare();

/// <summary>
/// Calls groups for HTTP requests. A try during the death of a silo or while the database is unreachable has an unknown
/// outcome; it is sent again with the same request key, payment id or content (<see cref="CallRepeater"/>) until there
/// is an answer or the budget is used up. That is safe because the group remembers what it has done. If the caller
/// disconnects, retries stop, but the command is not cancelled.
/// </summary>
internal sealed class GroupCalls(
    IGrainFactory grains,
    KnownGroups known,
    ISiloGate gate,
    IOptions<EdgeOptions> options,
    TimeProvider time,
    NextShare share,
    ILogger<GroupCalls> log
)
{
    private readonly CallRepeater _repeater = new(options.Value.Pace, time, share.Invoke);
    private static readonly Refusal Unavailable = new(
        RefusalCode.StoreUnavailable,
        "The group did not answer in time. It is safe to send the same request again."
    );
    private static readonly Refusal TooMany = new(
        RefusalCode.RateLimited,
        "Too many requests are waiting for this group. Try again later."
    );

    /// <summary>
    /// Calls a group. If it does not exist, answers with the refusal <paramref name="missing"/> and creates no
    /// activation.
    /// </summary>
    public Task<Reply<T>> CallAsync<T>(
        GroupId group,
        Func<IGroupGrain, Task<Reply<T>>> call,
        CancellationToken cancellation,
        bool asksPort = false,
        RefusalCode missing = RefusalCode.GroupNotFound
    )
        where T : class =>
        CallAsync(
            group,
            grain => CallIfThereAsync(group, grain, call, missing),
            TimeoutOf(asksPort),
            Refused<T>,
            cancellation
        );

    /// <summary>Publishes a group, which need not exist.</summary>
    public async Task<Reply<GroupView>> PublishAsync(
        GroupId group,
        GroupTermsRequest termsRequest,
        RequestKey key,
        CancellationToken cancellation
    )
    {
        var reply = await CallAsync(
            group,
            grain => grain.Publish(termsRequest, key),
            TimeoutOf(asksPort: true),
            Refused<GroupView>,
            cancellation
        );
        if (reply.Succeeded)
            known.Add(group);
        return reply;
    }

    /// <summary>
    /// Waits for events after a sequence; returns the last durable sequence, or null if the group cannot answer now.
    /// </summary>
    public async Task<long?> WaitForEventsAsync(GroupId group, long after, CancellationToken cancellation) =>
        await CallAsync(
            group,
            async grain => (long?)await grain.WaitForEvents(after),
            TimeoutOf(asksPort: true),
            _ => null,
            cancellation
        );

    // Null: as long as answers take at the moment.
    private TimeSpan? TimeoutOf(bool asksPort) => asksPort ? options.Value.PortTryTimeout : null;

    private Task<Reply<T>> CallIfThereAsync<T>(
        GroupId group,
        IGroupGrain grain,
        Func<IGroupGrain, Task<Reply<T>>> call,
        RefusalCode missing
    )
        where T : class
    {
        return known.Contains(group) ? call(grain) : FindAndCallAsync();

        async Task<Reply<T>> FindAndCallAsync()
        {
            if (gate.RefusalReasonFor(group.Actor.Shard) is { } closed)
                throw new StoreUnavailableException(closed);
            return await known.ExistsAsync(group) ? await call(grain) : Refused<T>(Missing(missing));
        }
    }

    private static Refusal Missing(RefusalCode code) =>
        new(code, code == RefusalCode.OrderNotFound ? "The order does not exist." : "The group does not exist.");

    private async Task<T> CallAsync<T>(
        GroupId group,
        Func<IGroupGrain, Task<T>> call,
        TimeSpan? tryTimeout,
        Func<Refusal, T> refused,
        CancellationToken cancellation
    )
    {
        var grain = grains.GetGrain<IGroupGrain>(group.Value);
        try
        {
            return await _repeater.RunAsync(
                () => call(grain),
                failure => BoundOf(group, failure),
                tryTimeout,
                cancellation
            );
        }
        catch (Exception e) when (e is LimitExceededException or GatewayTooBusyException)
        {
            return refused(TooMany);
        }
        catch (UnansweredException)
        {
            return refused(Unavailable);
        }
    }

    private RetryBound? BoundOf(GroupId group, Exception failure)
    {
        if (failure is LimitExceededException or GatewayTooBusyException || !IsPassing(failure))
            return null;
        EdgeLog.Retrying(log, group, failure.GetType().Name);
        // The store has not answered this silo for seconds. Another silo may reach it, which one try finds out; more of
        // them would keep every caller waiting for an answer that is known.
        if (gate.RefusalReasonFor(group.Actor.Shard) is not null)
            return new RetryBound(TimeSpan.Zero, TimeSpan.Zero);
        return failure is StoreUnavailableException
            ? new RetryBound(options.Value.StoreBudget, EdgeOptions.StoreRetryDelayMax)
            : new RetryBound(options.Value.Budget, options.Value.RetryDelayMax);
    }

    /// <summary>
    /// True for failures that end with a restart, a move or the return of the database. Orleans' own exceptions are
    /// about silos, directories and storage, never about a command; it also cancels calls that wait for the directory
    /// of a silo that has just died. A caller who disconnects ends the wait between two tries instead.
    /// </summary>
    public static bool IsPassing(Exception e) =>
        e
            is TimeoutException
                or OrleansException
                or StoreUnavailableException
                or UnknownEventException
                or OperationCanceledException;

    private static Reply<T> Refused<T>(Refusal refusal)
        where T : class => new() { Refusal = refusal };
}
