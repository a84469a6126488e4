using System.Threading.Channels;

namespace GroupBuyActors.Store.Sandbox;

/// <summary>A call that is only counted: it has no other effect.</summary>
internal readonly record struct CountedCall(SandboxPort Port, string Key, string Operation, long AtMs) : IComparable<CountedCall>
{
    /// <summary>By the rows' key, so that two silos lock rows in one order.</summary>
    public int CompareTo(CountedCall other)
    {
        if (Port != other.Port) return Port.CompareTo(other.Port);
        var keys = string.CompareOrdinal(Key, other.Key);
        return keys != 0 ? keys : string.CompareOrdinal(Operation, other.Operation);
    }
}

/// <summary>
/// Counts calls together: those that come while one statement waits for the disk are in the next. A thousand notices a second cost
/// the database tens of transactions. Each caller is answered when its row is durable.
/// </summary>
internal sealed class CallCounts(Func<IReadOnlyList<CountedCall>, Task> write)
{
    private const int RowsMax = 200, WaitingMax = 20_000;
    private readonly Channel<(CountedCall Call, TaskCompletionSource Done)> _waiting = Channel.CreateBounded<(CountedCall, TaskCompletionSource)>(WaitingMax);
    private int _writing;

    /// <summary>Counts a call; throws what the database threw, and <see cref="TimeoutException"/> where too many wait.</summary>
    public Task AddAsync(CountedCall call)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // To its caller a port that is flooded is one that does not answer in time.
        if (!_waiting.Writer.TryWrite((call, done))) throw new TimeoutException($"{WaitingMax} calls wait to be counted already.");
        if (Interlocked.CompareExchange(ref _writing, 1, 0) == 0) _ = Task.Run(WriteAllAsync);
        return done.Task;
    }

    private async Task WriteAllAsync()
    {
        do
        {
            while (_waiting.Reader.TryPeek(out _)) await WriteSomeAsync().ConfigureAwait(false);
            Volatile.Write(ref _writing, 0);
        }
        // One that came between the last look and the mark has nobody else to write it.
        while (_waiting.Reader.TryPeek(out _) && Interlocked.CompareExchange(ref _writing, 1, 0) == 0);
    }

    private async Task WriteSomeAsync()
    {
        var some = new List<(CountedCall Call, TaskCompletionSource Done)>();
        while (some.Count < RowsMax && _waiting.Reader.TryRead(out var next)) some.Add(next);
        try
        {
            await write([.. some.Select(counted => counted.Call).Order()]).ConfigureAwait(false);
            foreach (var (_, done) in some) done.SetResult();
        }
        catch (Exception e)
        {
            foreach (var (_, done) in some) done.SetException(e);
        }
    }
}
