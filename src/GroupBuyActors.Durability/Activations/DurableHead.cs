namespace GroupBuyActors.Activations;

/// <summary>
/// The last sequence of an actor that is known to be durable, and those who wait for the next. Used from the actor's
/// turns only.
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

    /// <summary>Lets all who wait look again.</summary>
    public void Wake()
    {
        var waiting = _advanced;
        _advanced = null;
        waiting?.TrySetResult();
    }

    /// <summary>Waits until it advances, somebody wakes it, or so long; does not say which.</summary>
    public Task NextAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancellation) =>
        (_advanced ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task.WaitAsync(
            atMost,
            time,
            cancellation
        );
}
