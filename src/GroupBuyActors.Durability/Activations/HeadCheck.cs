namespace GroupBuyActors.Activations;

/// <summary>
/// Runs one check at a time for any number of callers. A caller that comes while one runs waits for the next, because a
/// check that began before the call proves nothing for it. Used in one actor's turns only.
/// </summary>
internal sealed class HeadCheck(Func<Task> check)
{
    private Task? _running;
    private Task? _next;

    /// <summary>Completes with a check that began at or after this call.</summary>
    public Task RunAsync()
    {
        if (_running is null)
            return _running = FirstAsync();
        return _next ??= NextAsync(_running);
    }

    private async Task FirstAsync()
    {
        // RunAsync must have assigned the returned task before CheckAsync clears it.
        await Task.Yield();
        await CheckAsync();
    }

    private async Task NextAsync(Task before)
    {
        await before.ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext
        );
        (_running, _next) = (_next, null);
        await CheckAsync();
    }

    private async Task CheckAsync()
    {
        try
        {
            await check();
        }
        finally
        {
            if (_next is null)
                _running = null;
        }
    }
}
