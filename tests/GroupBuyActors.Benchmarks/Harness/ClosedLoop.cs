using System.Diagnostics;
using HdrHistogram;

namespace GroupBuyActors.Benchmarks.Harness;

/// <summary>How one call went.</summary>
internal enum CallOutcome
{
    /// <summary>As it should.</summary>
    Done,

    /// <summary>It did not; counted apart, never among the rates.</summary>
    Failed,

    /// <summary>There is nothing left to call for: the run ends here.</summary>
    Exhausted,
}

/// <summary>One of the callers: its own dice and its own count, so that callers share nothing.</summary>
internal sealed class Caller(int index, int seed)
{
    /// <summary>From 0.</summary>
    public int Index { get; } = index;

    /// <summary>The caller's dice.</summary>
    public Random Random { get; } = new(unchecked(seed * 41 + index));

    /// <summary>Calls made so far.</summary>
    public long Calls { get; set; }
}

/// <summary>
/// A fixed number of callers, each calling again as soon as it is answered. Calls answered inside the window count; the
/// window begins after the warm-up and ends after its time, or when the work is exhausted.
/// </summary>
internal sealed class ClosedLoop(int callers, TimeSpan warmUp, TimeSpan window, int seed = 1)
{
    /// <summary>Answers slower than this are counted as this slow.</summary>
    private static readonly TimeSpan SlowestRecorded = TimeSpan.FromMinutes(1);

    /// <summary>Runs; <paramref name="meters"/> are read at both ends of the window.</summary>
    public async Task<Measurement> RunAsync(
        string name,
        Func<Caller, Task<CallOutcome>> call,
        IReadOnlyList<ProcessorMeter> meters,
        CancellationToken cancellation
    )
    {
        var run = new Run(call, Stopwatch.GetTimestamp(), warmUp, window);
        var loops = Enumerable
            .Range(0, callers)
            .Select(index => Task.Run(() => run.CallAsync(new Caller(index, seed), cancellation), cancellation))
            .ToList();
        await Task.WhenAny(Task.Delay(warmUp, cancellation), Task.WhenAll(loops));
        foreach (var meter in meters)
            meter.Start();
        await Task.WhenAny(Task.Delay(window, cancellation), Task.WhenAll(loops));
        foreach (var meter in meters)
            meter.Stop();
        var parts = await Task.WhenAll(loops);

        var merged = NewHistogram();
        foreach (var part in parts)
            merged.Add(part.Histogram);
        return new Measurement
        {
            Name = name,
            Callers = callers,
            Elapsed = run.Measured,
            Done = parts.Sum(part => part.Done),
            Failed = parts.Sum(part => part.Failed),
            FirstFailure = parts.Select(part => part.FirstFailure).FirstOrDefault(failure => failure is not null),
            Latencies = merged,
            Processors = meters.ToDictionary(meter => meter.Name, meter => meter.Used),
        };
    }

    private static LongHistogram NewHistogram() => new(1, (long)SlowestRecorded.TotalMicroseconds, 3);

    private sealed class Part
    {
        public LongHistogram Histogram { get; } = NewHistogram();
        public long Done { get; set; }
        public long Failed { get; set; }
        public string? FirstFailure { get; set; }
    }

    private sealed class Run(Func<Caller, Task<CallOutcome>> call, long started, TimeSpan warmUp, TimeSpan window)
    {
        private readonly long _opens = started + Ticks(warmUp);
        private long _closes = started + Ticks(warmUp) + Ticks(window);

        public TimeSpan Measured =>
            Stopwatch.GetElapsedTime(_opens, Math.Max(Interlocked.Read(ref _closes), _opens + 1));

        public async Task<Part> CallAsync(Caller caller, CancellationToken cancellation)
        {
            var part = new Part();
            while (!cancellation.IsCancellationRequested)
            {
                var asked = Stopwatch.GetTimestamp();
                if (asked >= Interlocked.Read(ref _closes))
                    break;
                CallOutcome outcome;
                try
                {
                    outcome = await call(caller);
                    caller.Calls++;
                }
                catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
                {
                    outcome = CallOutcome.Failed;
                    part.FirstFailure ??= $"{e.GetType().Name}: {e.Message}";
                }
                var answered = Stopwatch.GetTimestamp();
                if (outcome == CallOutcome.Exhausted)
                {
                    CloseAt(answered);
                    break;
                }
                if (answered < _opens || answered >= Interlocked.Read(ref _closes))
                    continue;
                if (outcome == CallOutcome.Failed)
                {
                    part.Failed++;
                    continue;
                }
                part.Done++;
                var took = (long)Stopwatch.GetElapsedTime(asked, answered).TotalMicroseconds;
                part.Histogram.RecordValue(Math.Clamp(took, 1, (long)SlowestRecorded.TotalMicroseconds));
            }
            return part;
        }

        private void CloseAt(long moment)
        {
            var closes = Interlocked.Read(ref _closes);
            while (moment < closes)
            {
                var seen = Interlocked.CompareExchange(ref _closes, moment, closes);
                if (seen == closes)
                    return;
                closes = seen;
            }
        }

        private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);
    }
}
