using GroupBuyActors.Hosting;
using Orleans.Concurrency;

namespace GroupBuyActors.Silo.Idempotency;

/// <summary>What the grain keeps.</summary>
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
/// See <see cref="IIdempotencyGrain"/>. Reentrant: twins wait inside for the first call, which must still be able to
/// complete. While no call runs it keeps nothing that is not stored, and leaves: made-up keys must not fill the memory.
/// </summary>
[Reentrant]
internal sealed class IdempotencyGrain(
    [PersistentState(IdempotencyGrain.StateName)] IPersistentState<IdempotencyMemory> memory,
    TimeProvider time
) : Grain, IIdempotencyGrain
{
    /// <summary>Names the state in grain storage: stable for ever.</summary>
    public const string StateName = "idempotency";

    private static readonly TimeSpan Memory = TimeSpan.FromHours(24);
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan CallMax = TimeSpan.FromSeconds(30);

    private IdleDeactivation? _idle;
    private TaskCompletionSource? _running;
    private long _ticket;
    private long _startedAt;

    public async Task<Beginning> Begin(string fingerprint)
    {
        // What would be begun here could not be completed: the next activation does not know of it.
        if (Idle.IsLeaving)
            return new Beginning(BeginningKind.AskAgain);
        Idle.Touched();
        if (Known(fingerprint) is { } known)
            return known;
        // A call that never came back (its silo died) holds its twins up no longer than a call can take.
        if (_running is not { } running || time.GetElapsedTime(_startedAt) > CallMax)
            return Start(fingerprint);
        await Task.WhenAny(running.Task, Task.Delay(WaitMax, time));
        if (!running.Task.IsCompleted)
            return new Beginning(BeginningKind.Busy);
        return Known(fingerprint) ?? new Beginning(BeginningKind.AskAgain);
    }

    public async Task Complete(long ticket, RememberedAnswer answer)
    {
        if (ticket != _ticket || _running is null)
            return;
        memory.State.Answer = answer;
        memory.State.AnsweredAt = time.GetUtcNow();
        await memory.WriteStateAsync();
        // A write that took longer than a call may take ends no turn but its own.
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

    private Beginning Start(string fingerprint)
    {
        // Who waits for a call that is given up asks again, and waits for this one.
        _running?.TrySetResult();
        memory.State.Fingerprint = fingerprint;
        memory.State.Answer = null;
        _running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _startedAt = time.GetTimestamp();
        return new Beginning(BeginningKind.Go, ++_ticket);
    }

    /// <summary>What is to be done where an answer is remembered; null where none is.</summary>
    private Beginning? Known(string fingerprint)
    {
        if (
            _running is not null
            || memory.State.AnsweredAt + Memory <= time.GetUtcNow()
            || memory.State.Answer is not { } answer
        )
            return null;
        return memory.State.Fingerprint == fingerprint
            ? new Beginning(BeginningKind.Replay, Answer: answer)
            : new Beginning(BeginningKind.Mismatch);
    }

    private void End()
    {
        _running?.TrySetResult();
        _running = null;
        Idle.Touched();
    }
}
