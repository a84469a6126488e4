namespace GroupBuyActors.Activations;

/// <summary>
/// The last sequence of an actor that is known to be durable, and the waits for the next. Used in the actor's turns
/// only.
/// </summary>
internal sealed class DurableHead
{
    private TaskCompletionSource? _advanced;

    public long Sequence { get; private set; }

    public void Advance(long sequence)
    {
        if (sequence <= Sequence)
            return;
        Sequence = sequence;
        Wake();
    }

    /// <summary>Ends all waits, so that their callers check again.</summary>
    public void Wake()
    {
        var waiting = _advanced;
        _advanced = null;
        waiting?.TrySetResult();
    }

    /// <summary>
    /// Waits until the sequence advances or <see cref="Wake"/> is called. Throws <see cref="TimeoutException"/> after
    /// <paramref name="timeout"/>.
    /// </summary>
    public Task NextAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellation) =>
        (_advanced ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task.WaitAsync(
            timeout,
            time,
            cancellation
        );
}
