namespace GroupBuyActors.Background;

/// <summary>
/// Wakes one loop that waits for work. Signals coalesce: however often it is set while the loop works, the loop runs
/// once more. A signal that is set while nobody waits is kept for the next wait, so none is lost.
/// </summary>
internal sealed class Signal
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _waiting;
    private bool _isSet;

    /// <summary>Wakes the loop; never blocks, and may be called on any thread.</summary>
    public void Set()
    {
        lock (_gate)
        {
            _isSet = true;
            _waiting?.TrySetResult();
            _waiting = null;
        }
    }

    /// <summary>
    /// Waits until the signal is set, at most for <paramref name="timeout"/>, and resets it. True if it was set; false
    /// after the timeout. For one caller at a time.
    /// </summary>
    public async Task<bool> WaitAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellation)
    {
        if (TryTake(out var set))
            return true;
        await set.WaitAsync(timeout, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
        return TryTake(out _);
    }

    private bool TryTake(out Task set)
    {
        lock (_gate)
        {
            var wasSet = _isSet;
            _isSet = false;
            set = wasSet ? Task.CompletedTask : (_waiting ??= NewWait()).Task;
            return wasSet;
        }
    }

    private static TaskCompletionSource NewWait() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
