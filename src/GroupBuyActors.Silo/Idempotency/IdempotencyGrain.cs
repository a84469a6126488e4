using GroupBuyActors.Hosting;
using Orleans.Concurrency;

namespace GroupBuyActors.Silo.Idempotency;

/// <summary>The stored state of the grain.</summary>
[GenerateSerializer, Alias("groupbuy.IdempotencyMemory")]
internal sealed class IdempotencyMemory
{
    [Id(0)]
    public string Fingerprint { get; set; } = "";

    [Id(1)]
    public DateTimeOffset AnsweredAt { get; set; }

    [Id(2)]
    public RememberedAnswer? Answer { get; set; }
}

/// <summary>
/// See <see cref="IIdempotencyGrain"/>. Reentrant, because repeats wait in it for the first call, which must be able to
/// complete. While no call runs, everything it knows is stored, and it deactivates when idle, so that invented keys do
/// not fill the memory.
/// </summary>
[Reentrant]
internal sealed class IdempotencyGrain(
    [PersistentState(IdempotencyGrain.StateName)] IPersistentState<IdempotencyMemory> memory,
    TimeProvider time
) : Grain, IIdempotencyGrain
{
    /// <summary>The name of the state in grain storage, which must not change.</summary>
    public const string StateName = "idempotency";

    private static readonly TimeSpan Memory = TimeSpan.FromHours(24);
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan CallMax = TimeSpan.FromSeconds(30);

    private IdleDeactivation? _idle;
    private TaskCompletionSource? _running;
    private long _ticket;
    private long _startedAt;

    public async Task<IdempotencyResult> Begin(string fingerprint)
    {
        // A call that begins now could not be completed, because the next activation would not know it.
        if (Idle.IsLeaving)
            return new IdempotencyResult(IdempotencyDecision.Retry);
        Idle.Touched();
        if (Known(fingerprint) is { } known)
            return known;
        // A call that never returns (its silo died) delays repeats no longer than a call can take.
        if (_running is not { } running || time.GetElapsedTime(_startedAt) > CallMax)
            return Start(fingerprint);
        await Task.WhenAny(running.Task, Task.Delay(WaitMax, time));
        if (!running.Task.IsCompleted)
            return new IdempotencyResult(IdempotencyDecision.Busy);
        return Known(fingerprint) ?? new IdempotencyResult(IdempotencyDecision.Retry);
    }

    public async Task Complete(long ticket, RememberedAnswer answer)
    {
        if (ticket != _ticket || _running is null)
            return;
        memory.State.Answer = answer;
        memory.State.AnsweredAt = time.GetUtcNow();
        await memory.WriteStateAsync();
        // A write that took too long must not end a later call.
        if (ticket == _ticket)
            End();
    }

    public Task Abandon(long ticket)
    {
        if (ticket == _ticket)
            End();
        return Task.CompletedTask;
    }

    private IdleDeactivation Idle => _idle ??= new IdleDeactivation(this, () => _running is not null, time);

    private IdempotencyResult Start(string fingerprint)
    {
        // Repeats that wait for an expired call ask again, and wait for this one.
        _running?.TrySetResult();
        memory.State.Fingerprint = fingerprint;
        memory.State.Answer = null;
        _running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _startedAt = time.GetTimestamp();
        return new IdempotencyResult(IdempotencyDecision.Proceed, ++_ticket);
    }

    /// <summary>What to do if an answer is remembered; null if none is.</summary>
    private IdempotencyResult? Known(string fingerprint)
    {
        if (
            _running is not null
            || memory.State.AnsweredAt + Memory <= time.GetUtcNow()
            || memory.State.Answer is not { } answer
        )
            return null;
        return memory.State.Fingerprint == fingerprint
            ? new IdempotencyResult(IdempotencyDecision.Replay, Answer: answer)
            : new IdempotencyResult(IdempotencyDecision.Mismatch);
    }

    private void End()
    {
        _running?.TrySetResult();
        _running = null;
        Idle.Touched();
    }
}
