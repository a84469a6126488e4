using System.Threading.Channels;

namespace GroupBuyActors.Sandbox.Books;

/// <summary> Writes calls that arrive during a transaction together in the next one, so that a thousand calls a second
/// need only tens of transactions. Each caller is answered when its call is durable; a failure of a transaction fails
/// all its calls. </summary> <param name="callsMax">The largest number of calls in one transaction.</param>
/// <param name="write">Writes calls in one transaction and returns their answers in the same order.</param>
internal sealed class WriteBatcher<TCall, TAnswer>(
    int callsMax,
    Func<IReadOnlyList<TCall>, Task<IReadOnlyList<TAnswer>>> write
)
{
    private const int WaitingMax = 20_000;
    private readonly Channel<(TCall Call, TaskCompletionSource<TAnswer> Done)> _waiting = Channel.CreateBounded<(
        TCall,
        TaskCompletionSource<TAnswer>
    )>(WaitingMax);
    private int _writing;

    /// <summary>
    /// Makes a call; throws the database's exceptions, and <see cref="TimeoutException"/> if too many calls wait.
    /// </summary>
    public Task<TAnswer> CallAsync(TCall call)
    {
        var done = new TaskCompletionSource<TAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        // To its caller an overloaded port is one that does not answer in time.
        if (!_waiting.Writer.TryWrite((call, done)))
            throw new TimeoutException($"{WaitingMax} calls are already waiting.");
        if (Interlocked.CompareExchange(ref _writing, 1, 0) == 0)
            _ = Task.Run(WriteAllAsync);
        return done.Task;
    }

    private async Task WriteAllAsync()
    {
        do
        {
            while (_waiting.Reader.TryPeek(out _))
                await WriteSomeAsync().ConfigureAwait(false);
            Volatile.Write(ref _writing, 0);
        }
        // A call that was added between the last check and the reset of the flag has no other writer.
        while (_waiting.Reader.TryPeek(out _) && Interlocked.CompareExchange(ref _writing, 1, 0) == 0);
    }

    private async Task WriteSomeAsync()
    {
        var some = new List<(TCall Call, TaskCompletionSource<TAnswer> Done)>();
        while (some.Count < callsMax && _waiting.Reader.TryRead(out var next))
            some.Add(next);
        try
        {
            var answers = await write([.. some.Select(waiting => waiting.Call)]).ConfigureAwait(false);
            for (var i = 0; i < some.Count; i++)
                some[i].Done.SetResult(answers[i]);
        }
        catch (Exception e)
        {
            foreach (var (_, done) in some)
                done.TrySetException(e);
        }
    }
}
