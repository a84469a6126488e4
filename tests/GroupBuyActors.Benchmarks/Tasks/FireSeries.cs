using System.Collections.Concurrent;
using GroupBuyActors.Benchmarks.Harness;
using HdrHistogram;

namespace GroupBuyActors.Benchmarks.Tasks;

/// <summary>
/// Tasks due evenly over a time, and how late each began. Every task has a place of its own to be recorded in, so that
/// recording costs next to nothing and a task that ran twice, or never, is found.
/// </summary>
internal sealed class FireSeries(int number, int count, DateTimeOffset firstDue, TimeSpan over)
{
    /// <summary>A clock that is slewed to the database's may be this much ahead of the machine's.</summary>
    private static readonly TimeSpan EarlyMax = TimeSpan.FromMilliseconds(5);

    /// <summary>A rate is held where all of it has begun this long after the last was due.</summary>
    private static readonly TimeSpan HeldWithin = TimeSpan.FromSeconds(1);

    private readonly long[] _latenessMicroseconds = new long[count];
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _begun;
    private int _again;
    private int _early;

    public int Number => number;

    public int Count => count;

    public DateTimeOffset FirstDue => firstDue;

    public DateTimeOffset LastDue => DueOf(count - 1);

    /// <summary>Completes when every task has begun.</summary>
    public Task All => _all.Task;

    /// <summary>When a task is due, in the whole milliseconds that are stored.</summary>
    public DateTimeOffset DueOf(int index) =>
        DateTimeOffset.FromUnixTimeMilliseconds(
            firstDue.ToUnixTimeMilliseconds() + (long)(over.TotalMilliseconds * index / count)
        );

    /// <summary>A task begins.</summary>
    public void Begun(int index, TimeSpan lateness)
    {
        if (lateness < -EarlyMax)
            Interlocked.Increment(ref _early);
        // 0 is a task that has not begun.
        if (
            Interlocked.Exchange(ref _latenessMicroseconds[index], Math.Max(0, (long)lateness.TotalMicroseconds) + 1)
            != 0
        )
        {
            Interlocked.Increment(ref _again);
            return;
        }
        if (Interlocked.Increment(ref _begun) == count)
            _all.TrySetResult();
    }

    /// <summary>
    /// Waits until all have begun, or the moment is past at which the rate is not held; gives whether it is.
    /// </summary>
    public async Task<bool> HeldAsync(TimeProvider time, CancellationToken cancellation)
    {
        var left = LastDue + HeldWithin - time.GetUtcNow();
        await Task.WhenAny(All, Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellation));
        return All.IsCompleted && LastBegun() <= LastDue + HeldWithin;
    }

    /// <summary>
    /// What is known now. The rate is from the first due to the last begun; lateness takes the place of latency.
    /// </summary>
    public Measurement Measure(string name, IReadOnlyList<ProcessorMeter> meters)
    {
        var latencies = new LongHistogram(1, (long)TimeSpan.FromHours(1).TotalMicroseconds, 3);
        foreach (var lateness in _latenessMicroseconds)
            if (lateness > 0)
                latencies.RecordValue(lateness);
        var (missing, again, early) = (count - _begun, Volatile.Read(ref _again), Volatile.Read(ref _early));
        var elapsed = LastBegun() - firstDue;
        return new Measurement
        {
            Name = name,
            Callers = 0,
            Elapsed = elapsed > over ? elapsed : over,
            Done = _begun,
            Failed = missing + again + early,
            FirstFailure =
                missing + again + early == 0
                    ? null
                    : $"{missing} never began, {again} began twice, {early} began more than "
                        + $"{EarlyMax.TotalMilliseconds} ms early.",
            Latencies = latencies,
            Processors = meters.ToDictionary(meter => meter.Name, meter => meter.Used),
        };
    }

    private DateTimeOffset LastBegun()
    {
        var last = firstDue;
        for (var i = 0; i < count; i++)
        {
            var begun = DueOf(i) + TimeSpan.FromMicroseconds(_latenessMicroseconds[i]);
            if (begun > last)
                last = begun;
        }
        return last;
    }
}

/// <summary>The series under way, by number.</summary>
internal sealed class FireBook
{
    private readonly ConcurrentDictionary<int, FireSeries> _series = new();
    private int _numbers;

    /// <summary>A number for tasks that are not to fire.</summary>
    public int NextNumber() => Interlocked.Increment(ref _numbers);

    /// <summary>Opens a series.</summary>
    public FireSeries Open(int count, DateTimeOffset firstDue, TimeSpan over)
    {
        var series = new FireSeries(NextNumber(), count, firstDue, over);
        _series[series.Number] = series;
        return series;
    }

    /// <summary>Forgets a series.</summary>
    public void Close(FireSeries series) => _series.TryRemove(series.Number, out _);

    /// <summary>A task begins, where its series is still known.</summary>
    public void Begun(int series, int index, TimeSpan lateness)
    {
        if (_series.TryGetValue(series, out var known))
            known.Begun(index, lateness);
    }
}
