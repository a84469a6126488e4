using System.Diagnostics;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Benchmarks.Saga;

/// <summary>
/// Threshold joins at a fixed rate, whether or not those before are answered. Each has the instant at which it was due:
/// what waits behind a stall counts from there.
/// </summary>
internal sealed class PacedJoins(IGrainFactory grains, SagaGroups groups, string[] ids, double rate)
{
    private readonly long[] _answeredMicroseconds = new long[ids.Length];
    private int _failed;

    /// <summary>The first is due then, on the machine's clock.</summary>
    public DateTimeOffset Begins { get; private set; }

    /// <summary>Joins without the answer that they should have.</summary>
    public int Failed => Volatile.Read(ref _failed);

    /// <summary>The words of one of them, or null.</summary>
    public string? FirstFailure { get; private set; }

    /// <summary>When a join was due.</summary>
    public DateTimeOffset DueOf(int index) => Begins + TimeSpan.FromSeconds(index / rate);

    /// <summary>How long after it was due a join was answered; null where it was not.</summary>
    public TimeSpan? AnsweredAfter(int index) =>
        _answeredMicroseconds[index] is > 0 and var micros ? TimeSpan.FromMicroseconds(micros) : null;

    /// <summary>
    /// Sends them all and waits for the answers. <paramref name="at"/>: called when the join of this index is due.
    /// </summary>
    public async Task RunAsync(int atIndex, Action at, CancellationToken cancellation)
    {
        var calls = new Task[ids.Length];
        Begins = DateTimeOffset.UtcNow;
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < ids.Length; i++)
        {
            var due = TimeSpan.FromSeconds(i / rate);
            while (Stopwatch.GetElapsedTime(began) < due)
                await Task.Delay(1, cancellation);
            if (i == atIndex)
                at();
            calls[i] = JoinAsync(i, began + (long)(due.TotalSeconds * Stopwatch.Frequency));
        }

        await Task.WhenAll(calls).WaitAsync(TimeSpan.FromMinutes(1), cancellation);
    }

    private async Task JoinAsync(int index, long due)
    {
        try
        {
            var reply = await grains.GetGrain<IGroupGrain>(ids[index]).Join(groups.LastJoin(ids[index]));
            if (reply.Value?.Group?.State != GroupPhase.Success)
                throw new InvalidOperationException($"{ids[index]} did not form: {reply}");
            _answeredMicroseconds[index] = Math.Max(1, (long)Stopwatch.GetElapsedTime(due).TotalMicroseconds);
        }
        catch (Exception e)
        {
            Interlocked.Increment(ref _failed);
            FirstFailure ??= $"{e.GetType().Name}: {e.Message}";
        }
    }
}
