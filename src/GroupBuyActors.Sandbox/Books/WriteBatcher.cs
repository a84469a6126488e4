using System.Threading.Channels;

namespace GroupBuyActors.Sandbox.Books;

/// <summary>
/// Calls that come while one transaction waits for the disk go together in the next: a thousand calls a second cost the
/// database tens of transactions. Each caller is answered when what it called for is durable; what fails one of them
/// fails those that went with it.
/// </summary>
/// <param name="callsMax">Calls that go together at most.</param>
/// <param name="write">Writes them in one transaction and gives their answers, in their order.</param>
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
    /// Makes a call; throws what the database threw, and <see cref="TimeoutException"/> where too many wait.
    /// </summary>
    public Task<TAnswer> CallAsync(TCall call)
    {
        var done = new TaskCompletionSource<TAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        // To its caller a port that is flooded is one that does not answer in time.
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
        // One that came between the last look and the mark has nobody else to write it.
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
