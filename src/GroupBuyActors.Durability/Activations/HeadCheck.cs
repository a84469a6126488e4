namespace GroupBuyActors.Activations;

/// <summary>
/// Lets one check run at a time, however many ask. Whoever asks while one runs waits for the next: a check that began
/// before the question proves nothing about it. Used from one actor's turns only.
/// </summary>
internal sealed class HeadCheck(Func<Task> check)
{
    private Task? _running;
    private Task? _next;

    /// <summary>A check that began at or after this call.</summary>
    public Task RunAsync()
    {
        if (_running is null)
            return _running = FirstAsync();
        return _next ??= NextAsync(_running);
    }

    private async Task FirstAsync()
    {
        // The assignment of the returned task must come before its end is looked at.
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
