namespace GroupBuyActors.Client;

/// <summary>
/// Makes calls whose outcome can be unknown, and repeats them until there is an answer. For calls that are safe to
/// repeat: every try must have the same request key.
/// <para>
/// A try fails at once when its silo is known to be dead, or says that it has moved; then another is made after a short
/// wait. A try that is only silent may be lost with its silo, or waits for a slow commit: it is kept, and another is
/// made beside it, after <see cref="AnswerTimes.TryTimeout"/>, and then after waits that double. The first answer of
/// any try counts. So a lost try costs a fraction of a second, and a slow store gets few more calls than otherwise,
/// each of which the actor knows and answers with the commit that it waits for anyway.
/// </para>
/// </summary>
internal sealed class CallRepeater(CallPace pace, TimeProvider time, Func<double> share)
{
    private readonly AnswerTimes _answers = new(pace);

    /// <summary>
    /// Returns the first answer. Throws <see cref="UnansweredException"/> when the budget is used up, and at once what
    /// is not temporary.
    /// </summary>
    /// <param name="call">One try.</param>
    /// <param name="boundOf">The bound after this failure; null if it is not temporary.</param>
    /// <param name="tryTimeout">The time that each try gets; null to follow how long answers take.</param>
    /// <param name="cancellation">Ends the wait, but not the tries that were sent.</param>
    public async Task<T> RunAsync<T>(
        Func<Task<T>> call,
        Func<Exception, RetryBound?> boundOf,
        TimeSpan? tryTimeout,
        CancellationToken cancellation
    )
    {
        var started = time.GetTimestamp();
        var wait = tryTimeout ?? _answers.TryTimeout;
        var first = Start(call);
        try
        {
            var answer = await first.WaitAsync(wait, time, cancellation);
            if (tryTimeout is null)
                _answers.Add(time.GetElapsedTime(started));
            return answer;
        }
        catch (Exception e) when (boundOf(e) is { } bound)
        {
            cancellation.ThrowIfCancellationRequested();
            var repeated = new Repeated<T>(this, call, boundOf, started, tryTimeout, cancellation);
            return await repeated.RunAsync(first, wait, e, bound);
        }
        finally
        {
            first.Ignore();
        }
    }

    // A call may also throw before there is a task.
    private static Task<T> Start<T>(Func<Task<T>> call)
    {
        try
        {
            return call();
        }
        catch (Exception e)
        {
            return Task.FromException<T>(e);
        }
    }

    /// <summary>A call whose first try had no answer in time.</summary>
    private sealed class Repeated<T>(
        CallRepeater repeater,
        Func<Task<T>> call,
        Func<Exception, RetryBound?> boundOf,
        long started,
        TimeSpan? tryTimeout,
        CancellationToken cancellation
    )
    {
        private readonly List<(Task<T> Try, long SentAt)> _open = [];
        private Exception _last = null!;
        private RetryBound _bound;
        private bool _isSilent;

        private TimeSpan Left => _bound.Budget - repeater.Time.GetElapsedTime(started);

        public async Task<T> RunAsync(Task<T> first, TimeSpan wait, Exception failure, RetryBound bound)
        {
            (_last, _bound) = (failure, bound);
            _isSilent = !first.IsCompleted;
            if (_isSilent)
                _open.Add((first, started));
            try
            {
                for (var tries = 1; ; tries++)
                {
                    await PauseAsync(tries);
                    _open.Add((Start(call), repeater.Time.GetTimestamp()));
                    wait = NextWait(wait);
                    if (await AnsweredAsync(wait) is { } answered)
                        return await answered;
                }
            }
            finally
            {
                foreach (var (left, _) in _open)
                    left.Ignore();
            }
        }

        /// <summary>Waits after a failure. While a try is open, there was none, and the wait is over.</summary>
        private async Task PauseAsync(int tries)
        {
            var pause =
                _open.Count > 0 ? TimeSpan.Zero : repeater.Pace.DelayAfter(tries, _bound.DelayMax, repeater.Share());
            if (pause >= Left)
                throw new UnansweredException(_last);
            if (pause > TimeSpan.Zero)
                await Task.Delay(pause, repeater.Time, cancellation);
        }

        private TimeSpan NextWait(TimeSpan wait)
        {
            if (tryTimeout is { } own)
                return own;
            // Only silence may be slowness; who refuses quickly will also answer quickly.
            var next = _isSilent ? wait * 2 : wait;
            next = next < repeater.Pace.TryTimeoutMax ? next : repeater.Pace.TryTimeoutMax;
            return next < Left ? next : Left;
        }

        /// <summary>
        /// The first try with an answer, or with a failure that is not temporary; null when none has come in time, or
        /// all have failed.
        /// </summary>
        private async Task<Task<T>?> AnsweredAsync(TimeSpan wait)
        {
            var since = repeater.Time.GetTimestamp();
            _isSilent = false;
            while (_open.Count > 0)
            {
                var left = wait - repeater.Time.GetElapsedTime(since);
                if (left <= TimeSpan.Zero || await FirstOfAsync(left) is not { } ended)
                {
                    _isSilent = true;
                    Failed(new TimeoutException("The call was not answered in time."));
                    return null;
                }

                if (ended.Try.IsCompletedSuccessfully)
                {
                    if (tryTimeout is null)
                        repeater._answers.Add(repeater.Time.GetElapsedTime(ended.SentAt));
                    return ended.Try;
                }

                if (!Failed(FailureOf(ended.Try)))
                    return ended.Try;
                _open.Remove(ended);
            }

            return null;
        }

        /// <summary>The earliest try that has ended; null if none ends within the time.</summary>
        private async Task<(Task<T> Try, long SentAt)?> FirstOfAsync(TimeSpan within)
        {
            await ((Task)Task.WhenAny(_open.Select(one => one.Try)))
                .WaitAsync(within, repeater.Time, cancellation)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
            foreach (var one in _open)
                if (one.Try.IsCompleted)
                    return one;
            return null;
        }

        /// <summary>Notes a failure; false if it is not temporary.</summary>
        private bool Failed(Exception failure)
        {
            if (boundOf(failure) is not { } bound)
                return false;
            (_last, _bound) = (failure, bound);
            return true;
        }

        private static Exception FailureOf(Task<T> ended) =>
            ended.Exception?.InnerException ?? new TaskCanceledException(ended);
    }

    private CallPace Pace => pace;

    private TimeProvider Time => time;

    private Func<double> Share => share;
}
